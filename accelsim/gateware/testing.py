"""Helpers for test benches on Amaranth's own simulator."""

from __future__ import annotations

from typing import Any

__all__ = ["stream_get", "stream_put"]


async def stream_put(ctx: Any, stream: Any, payload: Any) -> None:
    """Offer a value until it is taken.

    Args:
        ctx: of the test bench.
        stream: an input of the component.
        payload: what its shape takes.
    """
    ctx.set(stream.payload, payload)
    ctx.set(stream.valid, 1)
    await ctx.tick().until(stream.ready)
    ctx.set(stream.valid, 0)


async def stream_get(ctx: Any, stream: Any) -> Any:
    """Wait for a value, and take it.

    Args:
        ctx: of the test bench.
        stream: an output of the component.
    """
    ctx.set(stream.ready, 1)
    (payload,) = await ctx.tick().sample(stream.payload).until(stream.valid)
    ctx.set(stream.ready, 0)
    return payload
