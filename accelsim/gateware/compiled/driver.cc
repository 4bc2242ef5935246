// Drives the streams of a component, cycle by cycle, and notes in which cycle every item passes.
// Stands behind the code that Yosys writes for the component (class p_top); called by ctypes.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

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

// One stream of a run. `payload` names its ports, with a blank behind each; an item is the words of
// 32 bits of one after the other. `data` holds `count` items of `words` words; `stalls` has a byte
// for each cycle and begins anew at its end; `stamps` takes the cycle in which an item passed.
struct Stream {
    const char *valid;
    const char *ready;
    const char *payload;
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
    const Item *valid, *ready;
    std::vector<const Item *> payload;
    bool offered = false;  // of inputs: valid is up and stays up
    bool waiting = false;  // of outputs: was valid and not taken in the last cycle
};

bool high(const Item *item) { return item->curr[0] & 1; }

size_t words_of(const Item *item) { return (item->width + 31) / 32; }

void put(const Wires &wires, const uint32_t *words) {
    for (const Item *item : wires.payload) {
        std::memcpy(item->next, words, words_of(item) * sizeof(uint32_t));
        words += words_of(item);
    }
}

void get(const Wires &wires, uint32_t *words) {
    for (const Item *item : wires.payload) {
        std::memcpy(words, item->curr, words_of(item) * sizeof(uint32_t));
        words += words_of(item);
    }
}

void drive(Stream &stream, Wires &wires, int64_t cycle) {
    bool stalled = stream.stalls_length && stream.stalls[cycle % stream.stalls_length];
    if (!stream.input) {
        wires.ready->next[0] = stalled ? 0 : 1;
        return;
    }
    if (!wires.offered && !stalled && stream.passed < stream.count) {
        wires.offered = true;
        put(wires, stream.data + stream.passed * stream.words);
    }
    wires.valid->next[0] = wires.offered;
}

void sample(Stream &stream, Wires &wires, int64_t cycle, uint32_t *now, uint32_t *last) {
    bool valid = high(wires.valid), ready = high(wires.ready);
    size_t bytes = stream.words * sizeof(uint32_t);
    if (!stream.input) {
        get(wires, now);
        if (wires.waiting && (!valid || std::memcmp(last, now, bytes))) stream.broken++;
        wires.waiting = valid && !ready;
        if (wires.waiting) std::memcpy(last, now, bytes);
    }
    if (!(valid && ready)) return;
    if (stream.input) {
        wires.offered = false;
    } else if (stream.passed < stream.count) {
        // What comes beyond what was asked for is counted, and not kept.
        std::memcpy(stream.data + stream.passed * stream.words, now, bytes);
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
    std::vector<std::vector<uint32_t>> now(count), last(count);
    for (int i = 0; i < count; i++) {
        wires[i].valid = bench.find(streams[i].valid);
        wires[i].ready = bench.find(streams[i].ready);
        std::istringstream names(streams[i].payload);
        for (std::string name; names >> name;) wires[i].payload.push_back(bench.find(name));
        now[i].resize(streams[i].words);
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
            sample(streams[i], wires[i], cycle, now[i].data(), last[i].data());
            done = done && streams[i].passed >= streams[i].count;
        }
        if (vcd) {
            writer.sample(10 * cycle);
            file << writer.buffer;
            writer.buffer.clear();
        }
        clock->next[0] = 1;
        // All is settled: at the edge, registers take what is there, once.
        bench.top.eval();
        bench.top.commit();
        if (vcd) {
            writer.sample(10 * cycle + 5);
            file << writer.buffer;
            writer.buffer.clear();
        }
        if (done) left--;
    }
    // A later run may leave a stream out: nothing is offered or taken there then.
    for (int i = 0; i < count; i++)
        (streams[i].input ? wires[i].valid : wires[i].ready)->next[0] = 0;
    return cycle;
}

}  // extern "C"
