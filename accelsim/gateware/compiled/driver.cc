// Drives the streams of a component, cycle by cycle, and notes in which cycle every item passes.
// Stands behind the code that Yosys writes for the component (class p_top); called by ctypes.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

#include <cxxrtl/cxxrtl_vcd.h>

namespace {

using Item = cxxrtl::debug_item;

struct Bench {
    cxxrtl_design::p_top top;
    cxxrtl::debug_items items;

    const Item *find(const std::string &name) const {
        auto found = items.table.find(name);
        return found == items.table.end() ? nullptr : &found->second.front();
    }
};

}  // namespace

extern "C" {

// One stream of a run. `data` holds `count` items of `words` words of 32 bits each; `stalls` has a
// byte for each cycle and begins anew at its end; `stamps` takes the cycle in which an item passed.
struct Stream {
    const char *name;
    int32_t input;
    int32_t words;
    int64_t count;
    uint32_t *data;
    const uint8_t *stalls;
    int64_t stalls_length;
    int64_t *stamps;
    int64_t passed;
    int64_t broken;  // cycles in which an output changed or withdrew what it had offered
};

void *accelsim_make() {
    auto *bench = new Bench();
    bench->top.debug_info(&bench->items, nullptr, "");
    return bench;
}

void accelsim_free(void *handle) { delete static_cast<Bench *>(handle); }

// Bits of a port; -1 where there is none of that name.
int32_t accelsim_width(void *handle, const char *name) {
    const Item *item = static_cast<Bench *>(handle)->find(name);
    return item ? int32_t(item->width) : -1;
}

// Set an input that is no stream.
void accelsim_set(void *handle, const char *name, const uint32_t *words) {
    const Item *item = static_cast<Bench *>(handle)->find(name);
    std::memcpy(item->next, words, (item->width + 31) / 32 * sizeof(uint32_t));
}

void accelsim_get(void *handle, const char *name, uint32_t *words) {
    const Item *item = static_cast<Bench *>(handle)->find(name);
    std::memcpy(words, item->curr, (item->width + 31) / 32 * sizeof(uint32_t));
}

}  // extern "C"

namespace {

struct Wires {
    const Item *valid, *ready, *payload;
    bool offered = false;  // of inputs: valid is up and stays up
    bool waiting = false;  // of outputs: was valid and not taken in the last cycle
};

bool high(const Item *item) { return item->curr[0] & 1; }

void drive(Stream &stream, Wires &wires, int64_t cycle) {
    bool stalled = stream.stalls_length && stream.stalls[cycle % stream.stalls_length];
    if (!stream.input) {
        wires.ready->next[0] = stalled ? 0 : 1;
        return;
    }
    if (!wires.offered && !stalled && stream.passed < stream.count) {
        wires.offered = true;
        std::memcpy(wires.payload->next, stream.data + stream.passed * stream.words,
                    stream.words * sizeof(uint32_t));
    }
    wires.valid->next[0] = wires.offered;
}

void sample(Stream &stream, Wires &wires, int64_t cycle, uint32_t *last) {
    bool valid = high(wires.valid), ready = high(wires.ready);
    size_t bytes = stream.words * sizeof(uint32_t);
    if (!stream.input) {
        if (wires.waiting && (!valid || std::memcmp(last, wires.payload->curr, bytes)))
            stream.broken++;
        wires.waiting = valid && !ready;
        if (wires.waiting) std::memcpy(last, wires.payload->curr, bytes);
    }
    if (!(valid && ready)) return;
    if (stream.input) {
        wires.offered = false;
    } else {
        // What comes beyond what was asked for is counted, and not kept.
        if (stream.passed < stream.count)
            std::memcpy(stream.data + stream.passed * stream.words, wires.payload->curr, bytes);
    }
    if (stream.passed < stream.count) stream.stamps[stream.passed] = cycle;
    stream.passed++;
}

}  // namespace

extern "C" {

// Run until every stream has passed all its items and `extra` cycles more, or for `most` cycles.
// Returns the cycles that were run. Writes a VCD where `vcd` is not null.
int64_t accelsim_run(void *handle, Stream *streams, int32_t count, int64_t most, int64_t extra,
                     const char *vcd) {
    auto &bench = *static_cast<Bench *>(handle);
    std::vector<Wires> wires(count);
    std::vector<std::vector<uint32_t>> last(count);
    for (int i = 0; i < count; i++) {
        std::string name = streams[i].name;
        wires[i].valid = bench.find(name + "__valid");
        wires[i].ready = bench.find(name + "__ready");
        wires[i].payload = bench.find(name + "__payload");
        last[i].resize(streams[i].words);
    }
    const Item *clock = bench.find("clk");
    cxxrtl::vcd_writer writer;
    std::ofstream file;
    if (vcd) {
        file.open(vcd);
        writer.timescale(1, "ns");
        writer.add_without_memories(bench.items);
    }
    int64_t left = extra, cycle = 0;
    for (; cycle < most && left >= 0; cycle++) {
        for (int i = 0; i < count; i++) drive(streams[i], wires[i], cycle);
        clock->next[0] = 0;
        bench.top.step();
        bool done = true;
        for (int i = 0; i < count; i++) {
            sample(streams[i], wires[i], cycle, last[i].data());
            done = done && streams[i].passed >= streams[i].count;
        }
        if (vcd) {
            writer.sample(10 * cycle);
            file << writer.buffer;
            writer.buffer.clear();
        }
        clock->next[0] = 1;
        bench.top.step();
        if (vcd) {
            writer.sample(10 * cycle + 5);
            file << writer.buffer;
            writer.buffer.clear();
        }
        if (done) left--;
    }
    return cycle;
}

}  // extern "C"
