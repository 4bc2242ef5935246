// BitMoD, output-stationary, written by accelsim 0.1.0.
// Parameters:
//   rows = 4
//   columns = 4
//   lanes = 4
//   weights = fp4
//   group = 128
//   folds = 4
//   stream_bytes = 8
// Ports, registers and the order of the streams: see README.md.

module bitmod (
  input  wire clk,
  input  wire rst,
  input  wire [5:0] s_axi_awaddr,
  input  wire [2:0] s_axi_awprot,
  input  wire s_axi_awvalid,
  output wire s_axi_awready,
  input  wire [31:0] s_axi_wdata,
  input  wire [3:0] s_axi_wstrb,
  input  wire s_axi_wvalid,
  output wire s_axi_wready,
  output wire [1:0] s_axi_bresp,
  output wire s_axi_bvalid,
  input  wire s_axi_bready,
  input  wire [5:0] s_axi_araddr,
  input  wire [2:0] s_axi_arprot,
  input  wire s_axi_arvalid,
  output wire s_axi_arready,
  output wire [31:0] s_axi_rdata,
  output wire [1:0] s_axi_rresp,
  output wire s_axi_rvalid,
  input  wire s_axi_rready,
  input  wire [63:0] s_axis_activations_tdata,
  input  wire s_axis_activations_tvalid,
  output wire s_axis_activations_tready,
  input  wire s_axis_activations_tlast,
  input  wire [63:0] s_axis_weights_tdata,
  input  wire s_axis_weights_tvalid,
  output wire s_axis_weights_tready,
  input  wire s_axis_weights_tlast,
  output wire [63:0] m_axis_results_tdata,
  output wire m_axis_results_tvalid,
  input  wire m_axis_results_tready,
  output wire m_axis_results_tlast
);
  reg  [2:0] opens = 3'd0;
  reg  busy = 1'b0;
  reg  done = 1'b0;
  reg  [31:0] cycles = 32'd0;
  reg  counts = 1'b0;

  wire any;
  wire widen_activations_i_valid;
  wire widen_weights_i_valid;
  wire starts;
  wire ends;
  wire [47:0] core_products_payload;
  wire core_activations_ready;
  wire core_weights_ready;
  wire [127:0] core_data;
  wire core_drain_words_payload_last;
  wire core_results_valid;
  wire widen_activations_i_ready;
  wire widen_activations_o_valid;
  wire [255:0] widen_activations_o_payload;
  wire widen_weights_i_ready;
  wire widen_weights_o_valid;
  wire [63:0] widen_weights_o_payload;
  wire narrow_results_i_ready;
  wire [64:0] narrow_results_o_payload;
  wire registers_control_pulse;
  wire [15:0] registers_m_value;
  wire [15:0] registers_n_value;
  wire [15:0] registers_k_value;
  wire [31:0] registers_specials_value;

  wire [63:0] m_axis_results_tdata_2 = narrow_results_o_payload[63:0];
  wire m_axis_results_tlast_2 = narrow_results_o_payload[64];

  assign any = |{s_axis_weights_tvalid & s_axis_weights_tready, s_axis_activations_tvalid &
      s_axis_activations_tready};
  assign widen_activations_i_valid = s_axis_activations_tvalid & opens[2] & busy;
  assign s_axis_activations_tready = widen_activations_i_ready & opens[2] & busy;
  assign widen_weights_i_valid = s_axis_weights_tvalid & opens[2] & busy;
  assign s_axis_weights_tready = widen_weights_i_ready & opens[2] & busy;
  assign starts = registers_control_pulse & ~busy;
  assign ends = m_axis_results_tvalid & m_axis_results_tready & m_axis_results_tlast_2;
  assign core_products_payload[15:0] = registers_m_value;
  assign core_products_payload[31:16] = registers_n_value;
  assign core_products_payload[47:32] = registers_k_value;
  assign m_axis_results_tdata = m_axis_results_tdata_2;
  assign m_axis_results_tlast = m_axis_results_tlast_2;

  always @(posedge clk) begin
    if (rst) begin
      opens <= 3'd0;
      busy <= 1'b0;
      done <= 1'b0;
      cycles <= 32'd0;
      counts <= 1'b0;
    end else begin
      opens <= busy ? {opens[1:0], 1'b1} : 3'd0;
      if (starts) begin
        busy <= 1'b1;
        done <= 1'b0;
        cycles <= 32'd0;
        counts <= 1'b0;
      end else if (busy & (counts | any)) begin
        if (ends) begin
          busy <= 1'b0;
          done <= 1'b1;
        end
        cycles <= cycles + 32'd1;
        counts <= 1'b1;
      end
    end
  end

  bitmod_core core (
    .clk(clk),
    .rst(rst),
    .products_valid(starts),
    .words_ready(narrow_results_i_ready),
    .products_payload(core_products_payload),
    .words_valid(widen_activations_o_valid),
    .words_payload(widen_activations_o_payload),
    .words_valid_2(widen_weights_o_valid),
    .words_payload_2(widen_weights_o_payload),
    .specials(registers_specials_value),
    .activations_ready(core_activations_ready),
    .weights_ready(core_weights_ready),
    .data(core_data),
    .drain_words_payload_last(core_drain_words_payload_last),
    .results_valid(core_results_valid)
  );
  bitmod_widen_activations widen_activations (
    .clk(clk),
    .rst(rst),
    .i_payload(s_axis_activations_tdata),
    .i_valid(widen_activations_i_valid),
    .o_ready(core_activations_ready),
    .i_ready(widen_activations_i_ready),
    .o_valid(widen_activations_o_valid),
    .o_payload(widen_activations_o_payload)
  );
  bitmod_widen_weights widen_weights (
    .clk(clk),
    .rst(rst),
    .i_payload(s_axis_weights_tdata),
    .i_valid(widen_weights_i_valid),
    .o_ready(core_weights_ready),
    .i_ready(widen_weights_i_ready),
    .o_valid(widen_weights_o_valid),
    .o_payload(widen_weights_o_payload)
  );
  bitmod_narrow_results narrow_results (
    .clk(clk),
    .rst(rst),
    .o_ready(m_axis_results_tready),
    .fields(core_data),
    .i_payload_3(core_drain_words_payload_last),
    .i_valid(core_results_valid),
    .i_ready(narrow_results_i_ready),
    .o_payload(narrow_results_o_payload),
    .o_valid(m_axis_results_tvalid)
  );
  bitmod_registers registers (
    .clk(clk),
    .rst(rst),
    .s_axi_awaddr(s_axi_awaddr),
    .s_axi_awvalid(s_axi_awvalid),
    .s_axi_wdata(s_axi_wdata),
    .s_axi_wstrb(s_axi_wstrb),
    .s_axi_wvalid(s_axi_wvalid),
    .s_axi_bready(s_axi_bready),
    .s_axi_araddr(s_axi_araddr),
    .s_axi_arvalid(s_axi_arvalid),
    .s_axi_rready(s_axi_rready),
    .status_value_0(busy),
    .status_value_1(done),
    .cycles_value(cycles),
    .s_axi_awready(s_axi_awready),
    .s_axi_wready(s_axi_wready),
    .s_axi_arready(s_axi_arready),
    .s_axi_bvalid(s_axi_bvalid),
    .s_axi_bresp(s_axi_bresp),
    .control_pulse(registers_control_pulse),
    .m_value(registers_m_value),
    .n_value(registers_n_value),
    .k_value(registers_k_value),
    .specials_value(registers_specials_value),
    .s_axi_rvalid(s_axi_rvalid),
    .s_axi_rdata(s_axi_rdata),
    .s_axi_rresp(s_axi_rresp)
  );
endmodule

// The registers behind AXI4-Lite.
module bitmod_registers (
  input  wire clk,
  input  wire rst,
  input  wire [5:0] s_axi_awaddr,
  input  wire s_axi_awvalid,
  input  wire [31:0] s_axi_wdata,
  input  wire [3:0] s_axi_wstrb,
  input  wire s_axi_wvalid,
  input  wire s_axi_bready,
  input  wire [5:0] s_axi_araddr,
  input  wire s_axi_arvalid,
  input  wire s_axi_rready,
  input  wire status_value_0,
  input  wire status_value_1,
  input  wire [31:0] cycles_value,
  output wire s_axi_awready,
  output wire s_axi_wready,
  output wire s_axi_arready,
  output reg  s_axi_bvalid = 1'b0,
  output reg  [1:0] s_axi_bresp = 2'd0,
  output reg  control_pulse = 1'b0,
  output reg  [15:0] m_value = 16'd1,
  output reg  [15:0] n_value = 16'd1,
  output reg  [15:0] k_value = 16'd1,
  output reg  [31:0] specials_value = 32'hffeefbea,
  output reg  s_axi_rvalid = 1'b0,
  output reg  [31:0] s_axi_rdata = 32'd0,
  output reg  [1:0] s_axi_rresp = 2'd0
);
  reg  addressed = 1'b0;
  reg  [9:0] write_chosen = 10'd0;
  reg  filled = 1'b0;
  reg  [31:0] write_data = 32'd0;
  reg  [3:0] write_strobes = 4'd0;
  reg  read_addressed = 1'b0;
  reg  [9:0] read_chosen = 10'd0;

  wire write;
  wire read;
  wire [31:0] either;
  wire [31:0] either_2;
  wire [31:0] either_3;
  wire [31:0] either_4;

  assign s_axi_awready = ~addressed;
  assign s_axi_wready = ~filled;
  assign write = addressed & filled & (s_axi_bready | ~s_axi_bvalid);
  assign s_axi_arready = ~read_addressed;
  assign read = read_addressed & (s_axi_rready | ~s_axi_rvalid);
  assign either = (read_chosen[0] ? 32'd1 : 32'd0) | {30'd0, read_chosen[2] ? {status_value_1,
      status_value_0} : 2'd0};
  assign either_2 = either | {16'd0, read_chosen[3] ? m_value : 16'd0} | {16'd0, read_chosen[4] ?
      n_value : 16'd0};
  assign either_3 = either_2 | {16'd0, read_chosen[5] ? k_value : 16'd0} | (read_chosen[6] ?
      cycles_value : 32'd0);
  assign either_4 = either_3 | (read_chosen[7] ? 32'h40004 : 32'd0) | (read_chosen[8] ? 32'h40020 :
      32'd0);

  always @(posedge clk) begin
    if (rst) begin
      addressed <= 1'b0;
      filled <= 1'b0;
      s_axi_bvalid <= 1'b0;
      s_axi_bresp <= 2'd0;
      control_pulse <= 1'b0;
      m_value <= 16'd1;
      n_value <= 16'd1;
      k_value <= 16'd1;
      specials_value <= 32'hffeefbea;
      read_addressed <= 1'b0;
      s_axi_rvalid <= 1'b0;
      s_axi_rdata <= 32'd0;
      s_axi_rresp <= 2'd0;
    end else begin
      if (s_axi_awready & s_axi_awvalid) addressed <= 1'b1;
      if (write) begin
        addressed <= 1'b0;
        s_axi_bresp <= (|write_chosen) ? 2'd0 : 2'd2;
      end
      if (s_axi_wready & s_axi_wvalid) filled <= 1'b1;
      if (write) filled <= 1'b0;
      if (s_axi_bready) s_axi_bvalid <= 1'b0;
      if (write) s_axi_bvalid <= 1'b1;
      control_pulse <= 1'b0;
      if (write & write_chosen[1]) begin
        if (write_strobes[0]) control_pulse <= write_data[0];
      end
      if (write & write_chosen[3]) begin
        if (write_strobes[0]) m_value[7:0] <= write_data[7:0];
        if (write_strobes[1]) m_value[15:8] <= write_data[15:8];
      end
      if (write & write_chosen[4]) begin
        if (write_strobes[0]) n_value[7:0] <= write_data[7:0];
        if (write_strobes[1]) n_value[15:8] <= write_data[15:8];
      end
      if (write & write_chosen[5]) begin
        if (write_strobes[0]) k_value[7:0] <= write_data[7:0];
        if (write_strobes[1]) k_value[15:8] <= write_data[15:8];
      end
      if (write & write_chosen[9]) begin
        if (write_strobes[0]) specials_value[7:0] <= write_data[7:0];
        if (write_strobes[1]) specials_value[15:8] <= write_data[15:8];
        if (write_strobes[2]) specials_value[23:16] <= write_data[23:16];
        if (write_strobes[3]) specials_value[31:24] <= write_data[31:24];
      end
      if (s_axi_arready & s_axi_arvalid) read_addressed <= 1'b1;
      if (read) begin
        read_addressed <= 1'b0;
        s_axi_rdata <= either_4 | (read_chosen[9] ? specials_value : 32'd0);
        s_axi_rresp <= (|read_chosen) ? 2'd0 : 2'd2;
      end
      if (s_axi_rready) s_axi_rvalid <= 1'b0;
      if (read) s_axi_rvalid <= 1'b1;
    end
  end

  always @(posedge clk) begin
    if (s_axi_awready & s_axi_awvalid) write_chosen <= {s_axi_awaddr == 6'd36, 3'd0, s_axi_awaddr ==
        6'd20, s_axi_awaddr == 6'd16, s_axi_awaddr == 6'd12, 1'b0, s_axi_awaddr == 6'd4, 1'b0};
    if (s_axi_wready & s_axi_wvalid) begin
      write_data <= s_axi_wdata;
      write_strobes <= s_axi_wstrb;
    end
    if (s_axi_arready & s_axi_arvalid) read_chosen <= {s_axi_araddr == 6'd36, s_axi_araddr == 6'd32,
        s_axi_araddr == 6'd28, s_axi_araddr == 6'd24, s_axi_araddr == 6'd20, s_axi_araddr == 6'd16,
        s_axi_araddr == 6'd12, s_axi_araddr == 6'd8, s_axi_araddr == 6'd4, s_axi_araddr == 6'd0};
  end
endmodule

// Words of results in beats.
module bitmod_narrow_results (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire [127:0] fields,
  input  wire i_payload_3,
  input  wire i_valid,
  output wire i_ready,
  output wire [64:0] o_payload,
  output reg  o_valid = 1'b0
);
  reg  [129:0] held = 130'd0;
  reg  left = 1'b0;
  reg  final_ = 1'b1;

  wire moves;
  wire [129:0] choice;

  assign moves = o_ready | ~o_valid;
  assign i_ready = moves & final_;
  assign choice = final_ ? {i_payload_3, fields[127:64], 1'b0, fields[63:0]} : held >> 7'd65;
  assign o_payload = held[64:0];

  always @(posedge clk) begin
    if (moves) held <= choice;
  end

  always @(posedge clk) begin
    if (rst) begin
      left <= 1'b0;
      final_ <= 1'b1;
      o_valid <= 1'b0;
    end else if (moves) begin
      if (~final_) begin
        left <= left - 1'b1;
        final_ <= left;
      end else begin
        if (i_valid) begin
          left <= 1'b1;
          final_ <= 1'b0;
        end
        o_valid <= i_valid;
      end
    end
  end
endmodule

// Beats of weights in words.
module bitmod_widen_weights (
  input  wire clk,
  input  wire rst,
  input  wire [63:0] i_payload,
  input  wire i_valid,
  input  wire o_ready,
  output wire i_ready,
  output wire o_valid,
  output wire [63:0] o_payload
);
  bitmod_widen_weights_part part (
    .clk(clk),
    .rst(rst),
    .i_payload(i_payload),
    .i_valid(i_valid),
    .o_ready(o_ready),
    .i_ready(i_ready),
    .o_valid(o_valid),
    .o_payload(o_payload)
  );
endmodule

module bitmod_widen_weights_part (
  input  wire clk,
  input  wire rst,
  input  wire [63:0] i_payload,
  input  wire i_valid,
  input  wire o_ready,
  output reg  i_ready = 1'b1,
  output reg  o_valid = 1'b0,
  output reg  [63:0] o_payload = 64'd0
);
  reg  [63:0] spare = 64'd0;

  always @(posedge clk) begin
    if (rst) begin
      i_ready <= 1'b1;
      o_valid <= 1'b0;
      o_payload <= 64'd0;
    end else if (o_ready | ~o_valid) begin
      i_ready <= 1'b1;
      o_valid <= i_valid | ~i_ready;
      if (i_ready) begin
        o_payload <= i_payload;
      end else begin
        o_payload <= spare;
      end
    end else if (i_valid & i_ready) begin
      i_ready <= 1'b0;
    end
  end

  always @(posedge clk) begin
    if (~(o_ready | ~o_valid) & (i_valid & i_ready)) spare <= i_payload;
  end
endmodule

// Beats of activations in words.
module bitmod_widen_activations (
  input  wire clk,
  input  wire rst,
  input  wire [63:0] i_payload,
  input  wire i_valid,
  input  wire o_ready,
  output wire i_ready,
  output reg  o_valid = 1'b0,
  output reg  [255:0] o_payload = 256'd0
);
  reg  [255:0] slots = 256'd0;
  reg  [1:0] at = 2'd0;
  reg  full = 1'b0;

  wire moves;
  wire taken;
  wire completes;
  wire whole;

  assign moves = o_ready | ~o_valid;
  assign i_ready = ~full | moves;
  assign taken = i_valid & i_ready;
  assign completes = taken & (at == 2'd3);
  assign whole = full | completes;

  always @(posedge clk) begin
    if (taken) begin
      if (at == 2'd0) begin
        slots[63:0] <= i_payload;
      end else if (at == 2'd1) begin
        slots[127:64] <= i_payload;
      end else if (at == 2'd2) begin
        slots[191:128] <= i_payload;
      end else if (at == 2'd3) begin
        slots[255:192] <= i_payload;
      end
    end
  end

  always @(posedge clk) begin
    if (rst) begin
      at <= 2'd0;
      o_valid <= 1'b0;
      full <= 1'b0;
      o_payload <= 256'd0;
    end else begin
      if (taken) at <= completes ? 2'd0 : at + 2'd1;
      if (moves) begin
        o_valid <= whole;
        full <= 1'b0;
        if (whole) o_payload <= {full ? slots[255:192] : i_payload, slots[191:0]};
      end else if (completes) begin
        full <= 1'b1;
      end
    end
  end
endmodule

// The array with its scratchpads, sums, and what leads tiles through them.
module bitmod_core (
  input  wire clk,
  input  wire rst,
  input  wire products_valid,
  input  wire words_ready,
  input  wire [47:0] products_payload,
  input  wire words_valid,
  input  wire [255:0] words_payload,
  input  wire words_valid_2,
  input  wire [63:0] words_payload_2,
  input  wire [31:0] specials,
  output wire activations_ready,
  output wire weights_ready,
  output wire [127:0] data,
  output wire drain_words_payload_last,
  output wire results_valid
);
  wire tiles_load_a_w_en;
  wire tiles_load_b_w_en;
  wire tiles_drain_w_en;
  wire both;
  wire tiles_ready;
  wire walker_tiles_valid;
  wire [15:0] walker_tiles_payload;
  wire array_activations_ready;
  wire array_results_valid;
  wire [116:0] array_results_payload;
  wire load_a_write;
  wire load_a_filled;
  wire [6:0] load_a_write_address;
  wire feed_a_moves;
  wire feed_a_begins;
  wire feed_a_tiles_ready;
  wire feed_a_freed;
  wire feed_a_words_payload_last;
  wire feed_a_words_valid;
  wire [6:0] feed_a_read_address;
  wire [255:0] scratchpad_a_data;
  wire scratchpad_a_free;
  wire scratchpad_a_full;
  wire load_b_write;
  wire load_b_filled;
  wire [7:0] load_b_write_address;
  wire feed_b_moves;
  wire feed_b_tiles_ready;
  wire feed_b_freed;
  wire feed_b_words_valid;
  wire [7:0] feed_b_read_address;
  wire [63:0] scratchpad_b_data;
  wire scratchpad_b_free;
  wire scratchpad_b_full;
  wire to_array_a_i_ready;
  wire to_array_a_o_valid;
  wire [256:0] to_array_a_o_payload;
  wire to_array_b_i_ready;
  wire to_array_b_o_valid;
  wire [63:0] to_array_b_o_payload;
  wire expander_b_ready;
  wire expander_load;
  wire expander_tiles_ready;
  wire expander_activations_valid;
  wire [256:0] expander_activations_payload;
  wire [79:0] expander_weights_payload;
  wire sums_sums_ready;
  wire sums_tiles_ready;
  wire sums_free;
  wire sums_full;
  wire drain_moves;
  wire drain_tiles_ready;
  wire drain_freed;
  wire [5:0] drain_read_address;
  wire tiles_load_a_w_rdy;
  wire tiles_load_a_r_rdy;
  wire [15:0] tiles_load_a_r_data;
  wire tiles_load_b_w_rdy;
  wire tiles_load_b_r_rdy;
  wire [15:0] tiles_load_b_r_data;
  wire tiles_feed_a_w_rdy;
  wire tiles_feed_a_r_rdy;
  wire [15:0] tiles_feed_a_r_data;
  wire tiles_feed_b_w_rdy;
  wire tiles_feed_b_r_rdy;
  wire [15:0] tiles_feed_b_r_data;
  wire tiles_sums_w_rdy;
  wire tiles_sums_r_rdy;
  wire [15:0] tiles_sums_r_data;
  wire tiles_drain_w_rdy;
  wire tiles_drain_r_rdy;
  wire [15:0] tiles_drain_r_data;
  wire tiles_expander_w_rdy;
  wire tiles_expander_r_rdy;
  wire [15:0] tiles_expander_r_data;

  wire tiles_payload_new_a = walker_tiles_payload[9];
  wire tiles_payload_new_b = walker_tiles_payload[10];
  wire tiles_payload_ends = walker_tiles_payload[14];

  assign tiles_load_a_w_en = walker_tiles_valid & tiles_ready & tiles_payload_new_a;
  assign tiles_load_b_w_en = walker_tiles_valid & tiles_ready & tiles_payload_new_b;
  assign tiles_drain_w_en = walker_tiles_valid & tiles_ready & tiles_payload_ends;
  assign both = tiles_load_a_w_rdy & tiles_load_b_w_rdy & tiles_feed_a_w_rdy & tiles_feed_b_w_rdy;
  assign tiles_ready = both & tiles_sums_w_rdy & tiles_drain_w_rdy & tiles_expander_w_rdy;

  bitmod_core_walker walker (
    .clk(clk),
    .rst(rst),
    .products_valid(products_valid),
    .tiles_ready(tiles_ready),
    .products_payload(products_payload),
    .products_ready(),
    .tiles_valid(walker_tiles_valid),
    .tiles_payload(walker_tiles_payload)
  );
  bitmod_core_array array (
    .clk(clk),
    .rst(rst),
    .o_ready(sums_sums_ready),
    .weights_valid(expander_activations_valid),
    .activations_payload(expander_activations_payload),
    .weights_payload(expander_weights_payload),
    .activations_ready(array_activations_ready),
    .weights_ready(),
    .results_valid(array_results_valid),
    .results_payload(array_results_payload)
  );
  bitmod_core_load_a load_a (
    .clk(clk),
    .rst(rst),
    .tiles_valid(tiles_load_a_r_rdy),
    .tiles_payload(tiles_load_a_r_data),
    .free(scratchpad_a_free),
    .words_valid(words_valid),
    .words_ready(activations_ready),
    .write(load_a_write),
    .filled(load_a_filled),
    .write_address(load_a_write_address)
  );
  bitmod_core_feed_a feed_a (
    .clk(clk),
    .rst(rst),
    .tiles_valid(tiles_feed_a_r_rdy),
    .tiles_payload(tiles_feed_a_r_data),
    .full(scratchpad_a_full),
    .words_ready(to_array_a_i_ready),
    .may_begin(sums_free),
    .moves(feed_a_moves),
    .begins(feed_a_begins),
    .tiles_ready(feed_a_tiles_ready),
    .freed(feed_a_freed),
    .words_payload_last(feed_a_words_payload_last),
    .words_valid(feed_a_words_valid),
    .read_address(feed_a_read_address)
  );
  bitmod_core_scratchpad_a scratchpad_a (
    .clk(clk),
    .rst(rst),
    .write(load_a_write),
    .claimed(load_a_filled),
    .read_en(feed_a_moves),
    .taken(feed_a_freed),
    .write_address(load_a_write_address),
    .read_address(feed_a_read_address),
    .write_data(words_payload),
    .data(scratchpad_a_data),
    .free(scratchpad_a_free),
    .full(scratchpad_a_full)
  );
  bitmod_core_load_b load_b (
    .clk(clk),
    .rst(rst),
    .tiles_valid(tiles_load_b_r_rdy),
    .tiles_payload(tiles_load_b_r_data),
    .free(scratchpad_b_free),
    .words_valid(words_valid_2),
    .words_ready(weights_ready),
    .write(load_b_write),
    .filled(load_b_filled),
    .write_address(load_b_write_address)
  );
  bitmod_core_feed_b feed_b (
    .clk(clk),
    .rst(rst),
    .tiles_valid(tiles_feed_b_r_rdy),
    .tiles_payload(tiles_feed_b_r_data),
    .full(scratchpad_b_full),
    .words_ready(to_array_b_i_ready),
    .moves(feed_b_moves),
    .tiles_ready(feed_b_tiles_ready),
    .freed(feed_b_freed),
    .words_payload_last(),
    .words_valid(feed_b_words_valid),
    .read_address(feed_b_read_address)
  );
  bitmod_core_scratchpad_b scratchpad_b (
    .clk(clk),
    .rst(rst),
    .write(load_b_write),
    .claimed(load_b_filled),
    .read_en(feed_b_moves),
    .taken(feed_b_freed),
    .write_address(load_b_write_address),
    .read_address(feed_b_read_address),
    .write_data(words_payload_2),
    .data(scratchpad_b_data),
    .free(scratchpad_b_free),
    .full(scratchpad_b_full)
  );
  bitmod_core_to_array_a to_array_a (
    .clk(clk),
    .rst(rst),
    .o_ready(expander_load),
    .i_payload_last(feed_a_words_payload_last),
    .i_valid(feed_a_words_valid),
    .i_payload_values(scratchpad_a_data),
    .i_ready(to_array_a_i_ready),
    .o_valid(to_array_a_o_valid),
    .o_payload(to_array_a_o_payload)
  );
  bitmod_core_to_array_b to_array_b (
    .clk(clk),
    .rst(rst),
    .o_ready(expander_b_ready),
    .i_valid(feed_b_words_valid),
    .i_payload(scratchpad_b_data),
    .i_ready(to_array_b_i_ready),
    .o_valid(to_array_b_o_valid),
    .o_payload(to_array_b_o_payload)
  );
  bitmod_core_expander expander (
    .clk(clk),
    .rst(rst),
    .activations_ready(array_activations_ready),
    .tiles_valid(tiles_expander_r_rdy),
    .tiles_payload(tiles_expander_r_data),
    .a_valid(to_array_a_o_valid),
    .a_payload(to_array_a_o_payload),
    .b_valid(to_array_b_o_valid),
    .b_payload(to_array_b_o_payload),
    .specials(specials),
    .b_ready(expander_b_ready),
    .load(expander_load),
    .tiles_ready(expander_tiles_ready),
    .activations_valid(expander_activations_valid),
    .activations_payload(expander_activations_payload),
    .weights_payload(expander_weights_payload)
  );
  bitmod_core_sums sums (
    .clk(clk),
    .rst(rst),
    .claimed(feed_a_begins),
    .read(drain_moves),
    .taken(drain_freed),
    .tiles_valid(tiles_sums_r_rdy),
    .tiles_payload(tiles_sums_r_data),
    .sums_valid(array_results_valid),
    .sums_payload(array_results_payload),
    .read_address(drain_read_address),
    .sums_ready(sums_sums_ready),
    .tiles_ready(sums_tiles_ready),
    .data(data),
    .free(sums_free),
    .full(sums_full)
  );
  bitmod_core_drain drain (
    .clk(clk),
    .rst(rst),
    .tiles_valid(tiles_drain_r_rdy),
    .tiles_payload(tiles_drain_r_data),
    .words_ready(words_ready),
    .full(sums_full),
    .moves(drain_moves),
    .tiles_ready(drain_tiles_ready),
    .freed(drain_freed),
    .words_payload_last(drain_words_payload_last),
    .words_valid(results_valid),
    .read_address(drain_read_address)
  );
  bitmod_core_tiles tiles_load_a (
    .clk(clk),
    .rst(rst),
    .w_en(tiles_load_a_w_en),
    .r_en(load_a_filled),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_load_a_w_rdy),
    .r_rdy(tiles_load_a_r_rdy),
    .r_data(tiles_load_a_r_data)
  );
  bitmod_core_tiles tiles_load_b (
    .clk(clk),
    .rst(rst),
    .w_en(tiles_load_b_w_en),
    .r_en(load_b_filled),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_load_b_w_rdy),
    .r_rdy(tiles_load_b_r_rdy),
    .r_data(tiles_load_b_r_data)
  );
  bitmod_core_tiles tiles_feed_a (
    .clk(clk),
    .rst(rst),
    .w_en(walker_tiles_valid & tiles_ready),
    .r_en(feed_a_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_feed_a_w_rdy),
    .r_rdy(tiles_feed_a_r_rdy),
    .r_data(tiles_feed_a_r_data)
  );
  bitmod_core_tiles tiles_feed_b (
    .clk(clk),
    .rst(rst),
    .w_en(walker_tiles_valid & tiles_ready),
    .r_en(feed_b_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_feed_b_w_rdy),
    .r_rdy(tiles_feed_b_r_rdy),
    .r_data(tiles_feed_b_r_data)
  );
  bitmod_core_tiles tiles_sums (
    .clk(clk),
    .rst(rst),
    .w_en(walker_tiles_valid & tiles_ready),
    .r_en(sums_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_sums_w_rdy),
    .r_rdy(tiles_sums_r_rdy),
    .r_data(tiles_sums_r_data)
  );
  bitmod_core_tiles tiles_drain (
    .clk(clk),
    .rst(rst),
    .w_en(tiles_drain_w_en),
    .r_en(drain_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_drain_w_rdy),
    .r_rdy(tiles_drain_r_rdy),
    .r_data(tiles_drain_r_data)
  );
  bitmod_core_tiles tiles_expander (
    .clk(clk),
    .rst(rst),
    .w_en(walker_tiles_valid & tiles_ready),
    .r_en(expander_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_expander_w_rdy),
    .r_rdy(tiles_expander_r_rdy),
    .r_data(tiles_expander_r_data)
  );
endmodule

// Tiles that wait for a part.
module bitmod_core_tiles (
  input  wire clk,
  input  wire rst,
  input  wire w_en,
  input  wire r_en,
  input  wire [15:0] w_port_data,
  output wire w_rdy,
  output wire r_rdy,
  output wire [15:0] r_data
);
  reg  [2:0] w_port_addr = 3'd0;
  reg  [2:0] r_port_addr = 3'd0;
  reg  [3:0] level = 4'd0;
  reg  [15:0] storage [0:7];

  wire w_port_en;

  assign w_rdy = level != 4'd8;
  assign r_rdy = level != 4'd0;
  assign w_port_en = w_en & w_rdy;

  always @(posedge clk) begin
    if (rst) begin
      w_port_addr <= 3'd0;
      r_port_addr <= 3'd0;
      level <= 4'd0;
    end else begin
      if (w_rdy & w_en) w_port_addr <= w_port_addr + 3'd1;
      if (r_rdy & r_en) r_port_addr <= r_port_addr + 3'd1;
      if (w_rdy & w_en & ~(r_rdy & r_en)) level <= level + 4'd1;
      if (r_rdy & r_en & ~(w_rdy & w_en)) level <= level - 4'd1;
    end
  end

  integer storage_at;
  initial begin
    for (storage_at = 0; storage_at < 8; storage_at = storage_at + 1)
      storage[storage_at] = 16'd0;
  end

  always @(posedge clk) begin
    if (w_port_en) storage[w_port_addr] <= w_port_data;
  end

  assign r_data = storage[r_port_addr];
endmodule

// Sums on their way out.
module bitmod_core_drain (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [15:0] tiles_payload,
  input  wire words_ready,
  input  wire full,
  output wire moves,
  output wire tiles_ready,
  output wire freed,
  output reg  words_payload_last = 1'b0,
  output reg  words_valid = 1'b0,
  output wire [5:0] read_address
);
  reg  valid = 1'b0;
  reg  last = 1'b0;

  wire step;
  wire walk_last;

  wire tiles_payload_final = tiles_payload[15];

  assign moves = words_ready | ~words_valid;
  assign step = moves & tiles_valid & full & ~1'b0;
  assign tiles_ready = step & walk_last;
  assign freed = step & walk_last & 1'b1;

  always @(posedge clk) begin
    if (rst) begin
      words_payload_last <= 1'b0;
      valid <= 1'b0;
      last <= 1'b0;
      words_valid <= 1'b0;
    end else if (moves) begin
      words_payload_last <= last;
      valid <= step;
      last <= walk_last & tiles_payload_final;
      words_valid <= valid;
    end
  end

  bitmod_core_drain_walk walk (
    .clk(clk),
    .rst(rst),
    .step(step),
    .fields(tiles_payload[3:0]),
    .last(walk_last),
    .address(read_address)
  );
endmodule

module bitmod_core_drain_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [3:0] fields,
  output wire last,
  output reg  [5:0] address = 6'd0
);
  reg  [1:0] at_inner = 2'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;

  wire inner_last;
  wire middle_last;
  wire outer_last;

  wire [1:0] middle = fields[1:0];
  wire [1:0] outer = fields[3:2];

  assign inner_last = at_inner == 2'd3;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 2'd0;
      address <= 6'd0;
      at_middle <= 2'd0;
      at_outer <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 2'd1;
      if (inner_last) begin
        at_inner <= 2'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 6'd1;
      if (last) address <= 6'd0;
      if (middle_last) begin
        at_middle <= 2'd0;
        at_outer <= at_outer + 2'd1;
      end
      if (last) at_outer <= 2'd0;
    end
  end
endmodule

// Two banks of sums in binary32: one grows, the other is taken away.
module bitmod_core_sums (
  input  wire clk,
  input  wire rst,
  input  wire claimed,
  input  wire read,
  input  wire taken,
  input  wire tiles_valid,
  input  wire [15:0] tiles_payload,
  input  wire sums_valid,
  input  wire [116:0] sums_payload,
  input  wire [5:0] read_address,
  output wire sums_ready,
  output wire tiles_ready,
  output wire [127:0] data,
  output wire free,
  output wire full
);
  reg  valid1 = 1'b0;
  reg  [8:0] place1 = 9'd0;
  reg  [115:0] word1 = 116'd0;
  reg  valid2 = 1'b0;
  reg  [8:0] place2 = 9'd0;
  reg  [115:0] word2 = 116'd0;
  reg  gathers0 = 1'b0;
  reg  [8:0] gathered0 = 9'd0;
  reg  gathers1 = 1'b0;
  reg  [8:0] gathered1 = 9'd0;
  reg  gathers2 = 1'b0;
  reg  [8:0] gathered2 = 9'd0;
  reg  gathers3 = 1'b0;
  reg  [8:0] gathered3 = 9'd0;
  reg  gathers4 = 1'b0;
  reg  [8:0] gathered4 = 9'd0;
  reg  [34:0] stage0 = 35'd0;
  reg  [31:0] stage1 = 32'd0;
  reg  [31:0] waited_5 = 32'd0;
  reg  [31:0] waited = 32'd0;
  reg  [67:0] stage0_2 = 68'd0;
  reg  [40:0] stage1_2 = 41'd0;
  reg  [31:0] stage2 = 32'd0;
  reg  [34:0] stage0_3 = 35'd0;
  reg  [31:0] stage1_3 = 32'd0;
  reg  [31:0] waited_6 = 32'd0;
  reg  [31:0] waited_2 = 32'd0;
  reg  [67:0] stage0_4 = 68'd0;
  reg  [40:0] stage1_4 = 41'd0;
  reg  [31:0] stage2_2 = 32'd0;
  reg  [34:0] stage0_5 = 35'd0;
  reg  [31:0] stage1_5 = 32'd0;
  reg  [31:0] waited_7 = 32'd0;
  reg  [31:0] waited_3 = 32'd0;
  reg  [67:0] stage0_6 = 68'd0;
  reg  [40:0] stage1_6 = 41'd0;
  reg  [31:0] stage2_3 = 32'd0;
  reg  [34:0] stage0_7 = 35'd0;
  reg  [31:0] stage1_7 = 32'd0;
  reg  [31:0] waited_8 = 32'd0;
  reg  [31:0] waited_4 = 32'd0;
  reg  [67:0] stage0_8 = 68'd0;
  reg  [40:0] stage1_8 = 41'd0;
  reg  [31:0] stage2_4 = 32'd0;
  reg  leaves = 1'b0;
  reg  [127:0] grown_0 = 128'd0;
  reg  [127:0] gone_0 = 128'd0;
  reg  [127:0] grown_1 = 128'd0;
  reg  [127:0] gone_1 = 128'd0;
  reg  from_bank = 1'b0;
  reg  gone_bank = 1'b0;
  reg  [127:0] read_data = 128'd0;
  reg  [127:0] read_data_2 = 128'd0;
  reg  [127:0] memory_0 [0:63];
  reg  [127:0] memory_1 [0:63];

  wire taken_2;
  wire closed;
  wire both;
  wire both_2;
  wire both_3;
  wire both_4;
  wire both_5;
  wire busy;
  wire [7:0] sum_5;
  wire group_normal_empty16;
  wire [22:0] choice;
  wire group_normal_empty8;
  wire [22:0] choice_2;
  wire group_normal_empty4;
  wire [22:0] choice_3;
  wire group_normal_empty2;
  wire [22:0] choice_4;
  wire group_normal_empty1;
  wire [8:0] difference;
  wire [8:0] difference_2;
  wire [25:0] result_right1;
  wire [25:0] result_right2;
  wire [25:0] result_right4;
  wire [25:0] result_right8;
  wire [25:0] result_right16;
  wire result_up;
  wire [31:0] result_packed;
  wire result_large;
  wire a_infinite;
  wire a_normal;
  wire b_infinite;
  wire b_normal;
  wire swap;
  wire [9:0] distance;
  wire [4:0] choice_5;
  wire [26:0] small_right1;
  wire [26:0] small_right2;
  wire [26:0] small_right4;
  wire [26:0] small_right8;
  wire [26:0] small_right16;
  wire infinite;
  wire differ;
  wire [26:0] small_;
  wire [8:0] choice_6;
  wire [28:0] sum_6;
  wire minus;
  wire cancels;
  wire sum_normal_empty16;
  wire [27:0] choice_7;
  wire sum_normal_empty8;
  wire [27:0] choice_8;
  wire sum_normal_empty4;
  wire [27:0] choice_9;
  wire sum_normal_empty2;
  wire [27:0] choice_10;
  wire sum_normal_empty1;
  wire [9:0] difference_3;
  wire [9:0] difference_4;
  wire [25:0] result_right1_2;
  wire [25:0] result_right2_2;
  wire [25:0] result_right4_2;
  wire [25:0] result_right8_2;
  wire [25:0] result_right16_2;
  wire result_up_2;
  wire [31:0] result_packed_2;
  wire result_large_2;
  wire [22:0] choice_11;
  wire [7:0] sum_7;
  wire group_normal_empty16_2;
  wire [22:0] choice_12;
  wire group_normal_empty8_2;
  wire [22:0] choice_13;
  wire group_normal_empty4_2;
  wire [22:0] choice_14;
  wire group_normal_empty2_2;
  wire [22:0] choice_15;
  wire group_normal_empty1_2;
  wire [8:0] difference_5;
  wire [8:0] difference_6;
  wire [25:0] result_right1_3;
  wire [25:0] result_right2_3;
  wire [25:0] result_right4_3;
  wire [25:0] result_right8_3;
  wire [25:0] result_right16_3;
  wire result_up_3;
  wire [31:0] result_packed_3;
  wire result_large_3;
  wire a_infinite_2;
  wire a_normal_2;
  wire b_infinite_2;
  wire b_normal_2;
  wire swap_2;
  wire [9:0] distance_2;
  wire [4:0] choice_16;
  wire [26:0] small_right1_2;
  wire [26:0] small_right2_2;
  wire [26:0] small_right4_2;
  wire [26:0] small_right8_2;
  wire [26:0] small_right16_2;
  wire infinite_2;
  wire differ_2;
  wire [26:0] small_2;
  wire [8:0] choice_17;
  wire [28:0] sum_8;
  wire minus_2;
  wire cancels_2;
  wire both_6;
  wire sum_normal_empty16_2;
  wire [27:0] choice_18;
  wire sum_normal_empty8_2;
  wire [27:0] choice_19;
  wire sum_normal_empty4_2;
  wire [27:0] choice_20;
  wire sum_normal_empty2_2;
  wire [27:0] choice_21;
  wire sum_normal_empty1_2;
  wire [9:0] difference_7;
  wire [9:0] difference_8;
  wire [25:0] result_right1_4;
  wire [25:0] result_right2_4;
  wire [25:0] result_right4_4;
  wire [25:0] result_right8_4;
  wire [25:0] result_right16_4;
  wire result_up_4;
  wire [31:0] result_packed_4;
  wire result_large_4;
  wire [22:0] choice_22;
  wire [7:0] sum_9;
  wire group_normal_empty16_3;
  wire [22:0] choice_23;
  wire group_normal_empty8_3;
  wire [22:0] choice_24;
  wire group_normal_empty4_3;
  wire [22:0] choice_25;
  wire group_normal_empty2_3;
  wire [22:0] choice_26;
  wire group_normal_empty1_3;
  wire [8:0] difference_9;
  wire [8:0] difference_10;
  wire [25:0] result_right1_5;
  wire [25:0] result_right2_5;
  wire [25:0] result_right4_5;
  wire [25:0] result_right8_5;
  wire [25:0] result_right16_5;
  wire result_up_5;
  wire [31:0] result_packed_5;
  wire result_large_5;
  wire a_infinite_3;
  wire a_normal_3;
  wire b_infinite_3;
  wire b_normal_3;
  wire swap_3;
  wire [9:0] distance_3;
  wire [4:0] choice_27;
  wire [26:0] small_right1_3;
  wire [26:0] small_right2_3;
  wire [26:0] small_right4_3;
  wire [26:0] small_right8_3;
  wire [26:0] small_right16_3;
  wire infinite_3;
  wire differ_3;
  wire [26:0] small_3;
  wire [8:0] choice_28;
  wire [28:0] sum_10;
  wire minus_3;
  wire cancels_3;
  wire both_7;
  wire sum_normal_empty16_3;
  wire [27:0] choice_29;
  wire sum_normal_empty8_3;
  wire [27:0] choice_30;
  wire sum_normal_empty4_3;
  wire [27:0] choice_31;
  wire sum_normal_empty2_3;
  wire [27:0] choice_32;
  wire sum_normal_empty1_3;
  wire [9:0] difference_11;
  wire [9:0] difference_12;
  wire [25:0] result_right1_6;
  wire [25:0] result_right2_6;
  wire [25:0] result_right4_6;
  wire [25:0] result_right8_6;
  wire [25:0] result_right16_6;
  wire result_up_6;
  wire [31:0] result_packed_6;
  wire result_large_6;
  wire [22:0] choice_33;
  wire [7:0] sum_11;
  wire group_normal_empty16_4;
  wire [22:0] choice_34;
  wire group_normal_empty8_4;
  wire [22:0] choice_35;
  wire group_normal_empty4_4;
  wire [22:0] choice_36;
  wire group_normal_empty2_4;
  wire [22:0] choice_37;
  wire group_normal_empty1_4;
  wire [8:0] difference_13;
  wire [8:0] difference_14;
  wire [25:0] result_right1_7;
  wire [25:0] result_right2_7;
  wire [25:0] result_right4_7;
  wire [25:0] result_right8_7;
  wire [25:0] result_right16_7;
  wire result_up_7;
  wire [31:0] result_packed_7;
  wire result_large_7;
  wire a_infinite_4;
  wire a_normal_4;
  wire b_infinite_4;
  wire b_normal_4;
  wire swap_4;
  wire [9:0] distance_4;
  wire [4:0] choice_38;
  wire [26:0] small_right1_4;
  wire [26:0] small_right2_4;
  wire [26:0] small_right4_4;
  wire [26:0] small_right8_4;
  wire [26:0] small_right16_4;
  wire infinite_4;
  wire differ_4;
  wire [26:0] small_4;
  wire [8:0] choice_39;
  wire [28:0] sum_12;
  wire minus_4;
  wire cancels_4;
  wire both_8;
  wire sum_normal_empty16_4;
  wire [27:0] choice_40;
  wire sum_normal_empty8_4;
  wire [27:0] choice_41;
  wire sum_normal_empty4_4;
  wire [27:0] choice_42;
  wire sum_normal_empty2_4;
  wire [27:0] choice_43;
  wire sum_normal_empty1_4;
  wire [9:0] difference_15;
  wire [9:0] difference_16;
  wire [25:0] result_right1_8;
  wire [25:0] result_right2_8;
  wire [25:0] result_right4_8;
  wire [25:0] result_right8_8;
  wire [25:0] result_right16_8;
  wire result_up_8;
  wire [31:0] result_packed_8;
  wire result_large_8;
  wire banks_filled;
  wire banks_freed;
  wire leaving_0;
  wire [5:0] read_addr;
  wire read_en;
  wire signature_en;
  wire leaving_1;
  wire [5:0] read_addr_2;
  wire read_en_2;
  wire signature_en_2;
  wire [8:0] now;
  wire [34:0] group;
  wire [34:0] group_normal;
  wire [4:0] result_places;
  wire [7:0] result_field;
  wire [31:0] result_bits;
  wire [63:0] addends;
  wire [35:0] a;
  wire [35:0] b;
  wire [67:0] aligned;
  wire [40:0] sum;
  wire [40:0] sum_normal;
  wire [4:0] result_places_2;
  wire [7:0] result_field_2;
  wire [31:0] result_bits_2;
  wire [34:0] group_2;
  wire [34:0] group_normal_2;
  wire [4:0] result_places_3;
  wire [7:0] result_field_3;
  wire [31:0] result_bits_3;
  wire [63:0] addends_2;
  wire [35:0] a_2;
  wire [35:0] b_2;
  wire [67:0] aligned_2;
  wire [40:0] sum_2;
  wire [40:0] sum_normal_2;
  wire [4:0] result_places_4;
  wire [7:0] result_field_4;
  wire [31:0] result_bits_4;
  wire [34:0] group_3;
  wire [34:0] group_normal_3;
  wire [4:0] result_places_5;
  wire [7:0] result_field_5;
  wire [31:0] result_bits_5;
  wire [63:0] addends_3;
  wire [35:0] a_3;
  wire [35:0] b_3;
  wire [67:0] aligned_3;
  wire [40:0] sum_3;
  wire [40:0] sum_normal_3;
  wire [4:0] result_places_6;
  wire [7:0] result_field_6;
  wire [31:0] result_bits_6;
  wire [34:0] group_4;
  wire [34:0] group_normal_4;
  wire [4:0] result_places_7;
  wire [7:0] result_field_7;
  wire [31:0] result_bits_7;
  wire [63:0] addends_4;
  wire [35:0] a_4;
  wire [35:0] b_4;
  wire [67:0] aligned_4;
  wire [40:0] sum_4;
  wire [40:0] sum_normal_4;
  wire [4:0] result_places_8;
  wire [7:0] result_field_8;
  wire [31:0] result_bits_8;
  wire [127:0] before_;
  wire walk_last;
  wire [5:0] walk_address;
  wire banks_fills;
  wire banks_uses;

  wire [27:0] total = sum_6[28:1];
  wire [27:0] total_2 = sum_8[28:1];
  wire [27:0] total_3 = sum_10[28:1];
  wire [27:0] total_4 = sum_12[28:1];
  wire a_sign = a[0];
  wire [8:0] a_exponent = a[9:1];
  wire [23:0] a_significand = a[33:10];
  wire a_infinite_5 = a[34];
  wire a_nan = a[35];
  wire a_sign_2 = a_2[0];
  wire [8:0] a_exponent_2 = a_2[9:1];
  wire [23:0] a_significand_2 = a_2[33:10];
  wire a_infinite_6 = a_2[34];
  wire a_nan_2 = a_2[35];
  wire a_sign_3 = a_3[0];
  wire [8:0] a_exponent_3 = a_3[9:1];
  wire [23:0] a_significand_3 = a_3[33:10];
  wire a_infinite_7 = a_3[34];
  wire a_nan_3 = a_3[35];
  wire a_sign_4 = a_4[0];
  wire [8:0] a_exponent_4 = a_4[9:1];
  wire [23:0] a_significand_4 = a_4[33:10];
  wire a_infinite_8 = a_4[34];
  wire a_nan_4 = a_4[35];
  wire b_sign = b[0];
  wire [8:0] b_exponent = b[9:1];
  wire [23:0] b_significand = b[33:10];
  wire b_infinite_5 = b[34];
  wire b_nan = b[35];
  wire b_sign_2 = b_2[0];
  wire [8:0] b_exponent_2 = b_2[9:1];
  wire [23:0] b_significand_2 = b_2[33:10];
  wire b_infinite_6 = b_2[34];
  wire b_nan_2 = b_2[35];
  wire b_sign_3 = b_3[0];
  wire [8:0] b_exponent_3 = b_3[9:1];
  wire [23:0] b_significand_3 = b_3[33:10];
  wire b_infinite_7 = b_3[34];
  wire b_nan_3 = b_3[35];
  wire b_sign_4 = b_4[0];
  wire [8:0] b_exponent_4 = b_4[9:1];
  wire [23:0] b_significand_4 = b_4[33:10];
  wire b_infinite_8 = b_4[34];
  wire b_nan_4 = b_4[35];
  wire [5:0] gathered0_address = gathered0[5:0];
  wire gathered0_bank = gathered0[6];
  wire [5:0] gathered1_address = gathered1[5:0];
  wire gathered1_bank = gathered1[6];
  wire [5:0] gathered2_address = gathered2[5:0];
  wire gathered2_bank = gathered2[6];
  wire [5:0] gathered3_address = gathered3[5:0];
  wire gathered3_bank = gathered3[6];
  wire [5:0] gathered4_address = gathered4[5:0];
  wire gathered4_bank = gathered4[6];
  wire gathered4_fills = gathered4[8];
  wire group_sign = group[0];
  wire [8:0] group_exponent = group[9:1];
  wire [22:0] group_significand = group[32:10];
  wire group_sign_2 = group_2[0];
  wire [8:0] group_exponent_2 = group_2[9:1];
  wire [22:0] group_significand_2 = group_2[32:10];
  wire group_sign_3 = group_3[0];
  wire [8:0] group_exponent_3 = group_3[9:1];
  wire [22:0] group_significand_3 = group_3[32:10];
  wire group_sign_4 = group_4[0];
  wire [8:0] group_exponent_4 = group_4[9:1];
  wire [22:0] group_significand_4 = group_4[32:10];
  wire [5:0] place1_address = place1[5:0];
  wire place1_bank = place1[6];
  wire [5:0] place2_address = place2[5:0];
  wire place2_bank = place2[6];
  wire place2_begins = place2[7];
  wire stage0_sign = stage0[0];
  wire [8:0] stage0_exponent = stage0[9:1];
  wire [22:0] stage0_significand = stage0[32:10];
  wire stage0_infinite = stage0[33];
  wire stage0_nan = stage0[34];
  wire stage0_sign_2 = stage0_3[0];
  wire [8:0] stage0_exponent_2 = stage0_3[9:1];
  wire [22:0] stage0_significand_2 = stage0_3[32:10];
  wire stage0_infinite_2 = stage0_3[33];
  wire stage0_nan_2 = stage0_3[34];
  wire stage0_large_sign_2 = stage0_4[0];
  wire [9:0] stage0_large_exponent_2 = stage0_4[10:1];
  wire [26:0] stage0_large_significand_2 = stage0_4[37:11];
  wire stage0_large_infinite_2 = stage0_4[38];
  wire stage0_large_nan_2 = stage0_4[39];
  wire [26:0] stage0_small_2 = stage0_4[66:40];
  wire stage0_differ_2 = stage0_4[67];
  wire stage0_sign_3 = stage0_5[0];
  wire [8:0] stage0_exponent_3 = stage0_5[9:1];
  wire [22:0] stage0_significand_3 = stage0_5[32:10];
  wire stage0_infinite_3 = stage0_5[33];
  wire stage0_nan_3 = stage0_5[34];
  wire stage0_large_sign_3 = stage0_6[0];
  wire [9:0] stage0_large_exponent_3 = stage0_6[10:1];
  wire [26:0] stage0_large_significand_3 = stage0_6[37:11];
  wire stage0_large_infinite_3 = stage0_6[38];
  wire stage0_large_nan_3 = stage0_6[39];
  wire [26:0] stage0_small_3 = stage0_6[66:40];
  wire stage0_differ_3 = stage0_6[67];
  wire stage0_sign_4 = stage0_7[0];
  wire [8:0] stage0_exponent_4 = stage0_7[9:1];
  wire [22:0] stage0_significand_4 = stage0_7[32:10];
  wire stage0_infinite_4 = stage0_7[33];
  wire stage0_nan_4 = stage0_7[34];
  wire stage0_large_sign_4 = stage0_8[0];
  wire [9:0] stage0_large_exponent_4 = stage0_8[10:1];
  wire [26:0] stage0_large_significand_4 = stage0_8[37:11];
  wire stage0_large_infinite_4 = stage0_8[38];
  wire stage0_large_nan_4 = stage0_8[39];
  wire [26:0] stage0_small_4 = stage0_8[66:40];
  wire stage0_differ_4 = stage0_8[67];
  wire stage0_large_sign = stage0_2[0];
  wire [9:0] stage0_large_exponent = stage0_2[10:1];
  wire [26:0] stage0_large_significand = stage0_2[37:11];
  wire stage0_large_infinite = stage0_2[38];
  wire stage0_large_nan = stage0_2[39];
  wire [26:0] stage0_small = stage0_2[66:40];
  wire stage0_differ = stage0_2[67];
  wire stage1_sign = stage1_2[0];
  wire [9:0] stage1_exponent = stage1_2[10:1];
  wire stage1_infinite = stage1_2[39];
  wire stage1_nan = stage1_2[40];
  wire stage1_sign_2 = stage1_4[0];
  wire [9:0] stage1_exponent_2 = stage1_4[10:1];
  wire stage1_infinite_2 = stage1_4[39];
  wire stage1_nan_2 = stage1_4[40];
  wire stage1_sign_3 = stage1_6[0];
  wire [9:0] stage1_exponent_3 = stage1_6[10:1];
  wire stage1_infinite_3 = stage1_6[39];
  wire stage1_nan_3 = stage1_6[40];
  wire stage1_sign_4 = stage1_8[0];
  wire [9:0] stage1_exponent_4 = stage1_8[10:1];
  wire stage1_infinite_4 = stage1_8[39];
  wire stage1_nan_4 = stage1_8[40];
  wire sum_sign = sum[0];
  wire [9:0] sum_exponent = sum[10:1];
  wire [27:0] sum_significand = sum[38:11];
  wire sum_sign_2 = sum_2[0];
  wire [9:0] sum_exponent_2 = sum_2[10:1];
  wire [27:0] sum_significand_2 = sum_2[38:11];
  wire sum_sign_3 = sum_3[0];
  wire [9:0] sum_exponent_3 = sum_3[10:1];
  wire [27:0] sum_significand_3 = sum_3[38:11];
  wire sum_sign_4 = sum_4[0];
  wire [9:0] sum_exponent_4 = sum_4[10:1];
  wire [27:0] sum_significand_4 = sum_4[38:11];
  wire [115:0] sums_payload_values = sums_payload[115:0];
  wire tiles_payload_begins = tiles_payload[13];
  wire tiles_payload_ends = tiles_payload[14];

  assign sums_ready = tiles_valid & ~busy;
  assign taken_2 = sums_valid & sums_ready;
  assign tiles_ready = taken_2 & walk_last;
  assign closed = taken_2 & walk_last & tiles_payload_ends;
  assign both = gathers0 & (gathered0_address == walk_address) & (gathered0_bank == banks_fills);
  assign both_2 = gathers1 & (gathered1_address == walk_address) & (gathered1_bank == banks_fills);
  assign both_3 = gathers2 & (gathered2_address == walk_address) & (gathered2_bank == banks_fills);
  assign both_4 = gathers3 & (gathered3_address == walk_address) & (gathered3_bank == banks_fills);
  assign both_5 = gathers4 & (gathered4_address == walk_address) & (gathered4_bank == banks_fills);
  assign busy = |{both_5, both_4, both_3, both_2, both, valid2 & (place2_address == walk_address) &
      (place2_bank == banks_fills), valid1 & (place1_address == walk_address) & (place1_bank ==
      banks_fills)};
  assign sum_5 = {2'd0, word2[28:23]} + 8'd247;
  assign group_normal_empty16 = ~(|group[32:17]);
  assign choice = group_normal_empty16 ? (group_significand << 5'd16) : group_significand;
  assign group_normal_empty8 = ~(|choice[22:15]);
  assign choice_2 = group_normal_empty8 ? (choice << 4'd8) : choice;
  assign group_normal_empty4 = ~(|choice_2[22:19]);
  assign choice_3 = group_normal_empty4 ? (choice_2 << 3'd4) : choice_2;
  assign group_normal_empty2 = ~(|choice_3[22:21]);
  assign choice_4 = group_normal_empty2 ? (choice_3 << 2'd2) : choice_3;
  assign group_normal_empty1 = ~choice_4[22];
  assign difference = group_exponent - {4'd0, group_normal_empty16, group_normal_empty8,
      group_normal_empty4, group_normal_empty2, group_normal_empty1};
  assign difference_2 = 9'd386 - stage0_exponent;
  assign result_right1 = result_places[0] ? {1'b0, stage0_significand, 1'b0, |2'd0} :
      {stage0_significand, 3'd0};
  assign result_right2 = result_places[1] ? {2'd0, result_right1[25:3], |result_right1[2:0]} :
      result_right1;
  assign result_right4 = result_places[2] ? {4'd0, result_right2[25:5], |result_right2[4:0]} :
      result_right2;
  assign result_right8 = result_places[3] ? {8'd0, result_right4[25:9], |result_right4[8:0]} :
      result_right4;
  assign result_right16 = result_places[4] ? {16'd0, result_right8[25:17], |result_right8[16:0]} :
      result_right8;
  assign result_up = result_right16[1] & (result_right16[0] | result_right16[2]);
  assign result_packed = {1'b0, result_field, result_right16[24:2]} + {31'd0, result_up};
  assign result_large = (stage0[32] & ($signed(stage0_exponent) > $signed(9'd128))) | (result_packed
      > 32'h7f7fffff);
  assign a_infinite = addends[30:0] == 31'h7f800000;
  assign a_normal = |addends[30:23];
  assign b_infinite = addends[62:32] == 31'h7f800000;
  assign b_normal = |addends[62:55];
  assign swap = (($signed(b_exponent) > $signed(a_exponent)) & (|b_significand)) |
      ~(|a_significand);
  assign distance = swap ? ({b[9], b_exponent} - {a[9], a_exponent}) : {a[9], a_exponent} - {b[9],
      b_exponent};
  assign choice_5 = ($signed(distance) > $signed(10'd27)) ? 5'd27 : distance[4:0];
  assign small_right1 = choice_5[0] ? {1'b0, small_[26:2], |small_[1:0]} : small_;
  assign small_right2 = choice_5[1] ? {2'd0, small_right1[26:3], |small_right1[2:0]} : small_right1;
  assign small_right4 = choice_5[2] ? {4'd0, small_right2[26:5], |small_right2[4:0]} : small_right2;
  assign small_right8 = choice_5[3] ? {8'd0, small_right4[26:9], |small_right4[8:0]} : small_right4;
  assign small_right16 = choice_5[4] ? {16'd0, small_right8[26:17], |small_right8[16:0]} :
      small_right8;
  assign infinite = a_infinite_5 | b_infinite_5;
  assign differ = a_sign ^ b_sign;
  assign small_ = swap ? {a_significand, 3'd0} : {b_significand, 3'd0};
  assign choice_6 = swap ? b_exponent : a_exponent;
  assign sum_6 = {1'b0, stage0_large_significand, 1'b1} + {1'b0, stage0_small ^ {27{stage0_differ}},
      stage0_differ};
  assign minus = stage0_differ & ~sum_6[28];
  assign cancels = stage0_differ & ~stage0_large_infinite & ~(|sum_6[27:1]);
  assign sum_normal_empty16 = ~(|sum[38:23]);
  assign choice_7 = sum_normal_empty16 ? (sum_significand << 5'd16) : sum_significand;
  assign sum_normal_empty8 = ~(|choice_7[27:20]);
  assign choice_8 = sum_normal_empty8 ? (choice_7 << 4'd8) : choice_7;
  assign sum_normal_empty4 = ~(|choice_8[27:24]);
  assign choice_9 = sum_normal_empty4 ? (choice_8 << 3'd4) : choice_8;
  assign sum_normal_empty2 = ~(|choice_9[27:26]);
  assign choice_10 = sum_normal_empty2 ? (choice_9 << 2'd2) : choice_9;
  assign sum_normal_empty1 = ~choice_10[27];
  assign difference_3 = sum_exponent - {5'd0, sum_normal_empty16, sum_normal_empty8,
      sum_normal_empty4, sum_normal_empty2, sum_normal_empty1};
  assign difference_4 = 10'd898 - stage1_exponent;
  assign result_right1_2 = result_places_2[0] ? {1'b0, stage1_2[38:15], |{stage1_2[14],
      |stage1_2[13:11]}} : {stage1_2[38:14], |stage1_2[13:11]};
  assign result_right2_2 = result_places_2[1] ? {2'd0, result_right1_2[25:3], |result_right1_2[2:0]}
      : result_right1_2;
  assign result_right4_2 = result_places_2[2] ? {4'd0, result_right2_2[25:5], |result_right2_2[4:0]}
      : result_right2_2;
  assign result_right8_2 = result_places_2[3] ? {8'd0, result_right4_2[25:9], |result_right4_2[8:0]}
      : result_right4_2;
  assign result_right16_2 = result_places_2[4] ? {16'd0, result_right8_2[25:17],
      |result_right8_2[16:0]} : result_right8_2;
  assign result_up_2 = result_right16_2[1] & (result_right16_2[0] | result_right16_2[2]);
  assign result_packed_2 = {1'b0, result_field_2, result_right16_2[24:2]} + {31'd0, result_up_2};
  assign result_large_2 = (stage1_2[38] & ($signed(stage1_exponent) > $signed(10'd128))) |
      (result_packed_2 > 32'h7f7fffff);
  assign choice_11 = ($signed(word2[51:29]) < $signed(23'd0)) ? (-word2[51:29]) : word2[51:29];
  assign sum_7 = {2'd0, word2[57:52]} + 8'd247;
  assign group_normal_empty16_2 = ~(|group_2[32:17]);
  assign choice_12 = group_normal_empty16_2 ? (group_significand_2 << 5'd16) : group_significand_2;
  assign group_normal_empty8_2 = ~(|choice_12[22:15]);
  assign choice_13 = group_normal_empty8_2 ? (choice_12 << 4'd8) : choice_12;
  assign group_normal_empty4_2 = ~(|choice_13[22:19]);
  assign choice_14 = group_normal_empty4_2 ? (choice_13 << 3'd4) : choice_13;
  assign group_normal_empty2_2 = ~(|choice_14[22:21]);
  assign choice_15 = group_normal_empty2_2 ? (choice_14 << 2'd2) : choice_14;
  assign group_normal_empty1_2 = ~choice_15[22];
  assign difference_5 = group_exponent_2 - {4'd0, group_normal_empty16_2, group_normal_empty8_2,
      group_normal_empty4_2, group_normal_empty2_2, group_normal_empty1_2};
  assign difference_6 = 9'd386 - stage0_exponent_2;
  assign result_right1_3 = result_places_3[0] ? {1'b0, stage0_significand_2, 1'b0, |2'd0} :
      {stage0_significand_2, 3'd0};
  assign result_right2_3 = result_places_3[1] ? {2'd0, result_right1_3[25:3], |result_right1_3[2:0]}
      : result_right1_3;
  assign result_right4_3 = result_places_3[2] ? {4'd0, result_right2_3[25:5], |result_right2_3[4:0]}
      : result_right2_3;
  assign result_right8_3 = result_places_3[3] ? {8'd0, result_right4_3[25:9], |result_right4_3[8:0]}
      : result_right4_3;
  assign result_right16_3 = result_places_3[4] ? {16'd0, result_right8_3[25:17],
      |result_right8_3[16:0]} : result_right8_3;
  assign result_up_3 = result_right16_3[1] & (result_right16_3[0] | result_right16_3[2]);
  assign result_packed_3 = {1'b0, result_field_3, result_right16_3[24:2]} + {31'd0, result_up_3};
  assign result_large_3 = (stage0_3[32] & ($signed(stage0_exponent_2) > $signed(9'd128))) |
      (result_packed_3 > 32'h7f7fffff);
  assign a_infinite_2 = addends_2[30:0] == 31'h7f800000;
  assign a_normal_2 = |addends_2[30:23];
  assign b_infinite_2 = addends_2[62:32] == 31'h7f800000;
  assign b_normal_2 = |addends_2[62:55];
  assign swap_2 = (($signed(b_exponent_2) > $signed(a_exponent_2)) & (|b_significand_2)) |
      ~(|a_significand_2);
  assign distance_2 = swap_2 ? ({b_2[9], b_exponent_2} - {a_2[9], a_exponent_2}) : {a_2[9],
      a_exponent_2} - {b_2[9], b_exponent_2};
  assign choice_16 = ($signed(distance_2) > $signed(10'd27)) ? 5'd27 : distance_2[4:0];
  assign small_right1_2 = choice_16[0] ? {1'b0, small_2[26:2], |small_2[1:0]} : small_2;
  assign small_right2_2 = choice_16[1] ? {2'd0, small_right1_2[26:3], |small_right1_2[2:0]} :
      small_right1_2;
  assign small_right4_2 = choice_16[2] ? {4'd0, small_right2_2[26:5], |small_right2_2[4:0]} :
      small_right2_2;
  assign small_right8_2 = choice_16[3] ? {8'd0, small_right4_2[26:9], |small_right4_2[8:0]} :
      small_right4_2;
  assign small_right16_2 = choice_16[4] ? {16'd0, small_right8_2[26:17], |small_right8_2[16:0]} :
      small_right8_2;
  assign infinite_2 = a_infinite_6 | b_infinite_6;
  assign differ_2 = a_sign_2 ^ b_sign_2;
  assign small_2 = swap_2 ? {a_significand_2, 3'd0} : {b_significand_2, 3'd0};
  assign choice_17 = swap_2 ? b_exponent_2 : a_exponent_2;
  assign sum_8 = {1'b0, stage0_large_significand_2, 1'b1} + {1'b0, stage0_small_2 ^
      {27{stage0_differ_2}}, stage0_differ_2};
  assign minus_2 = stage0_differ_2 & ~sum_8[28];
  assign cancels_2 = stage0_differ_2 & ~stage0_large_infinite_2 & ~(|sum_8[27:1]);
  assign both_6 = (stage0_large_sign_2 ^ (minus_2 & ~stage0_large_infinite_2)) & ~cancels_2;
  assign sum_normal_empty16_2 = ~(|sum_2[38:23]);
  assign choice_18 = sum_normal_empty16_2 ? (sum_significand_2 << 5'd16) : sum_significand_2;
  assign sum_normal_empty8_2 = ~(|choice_18[27:20]);
  assign choice_19 = sum_normal_empty8_2 ? (choice_18 << 4'd8) : choice_18;
  assign sum_normal_empty4_2 = ~(|choice_19[27:24]);
  assign choice_20 = sum_normal_empty4_2 ? (choice_19 << 3'd4) : choice_19;
  assign sum_normal_empty2_2 = ~(|choice_20[27:26]);
  assign choice_21 = sum_normal_empty2_2 ? (choice_20 << 2'd2) : choice_20;
  assign sum_normal_empty1_2 = ~choice_21[27];
  assign difference_7 = sum_exponent_2 - {5'd0, sum_normal_empty16_2, sum_normal_empty8_2,
      sum_normal_empty4_2, sum_normal_empty2_2, sum_normal_empty1_2};
  assign difference_8 = 10'd898 - stage1_exponent_2;
  assign result_right1_4 = result_places_4[0] ? {1'b0, stage1_4[38:15], |{stage1_4[14],
      |stage1_4[13:11]}} : {stage1_4[38:14], |stage1_4[13:11]};
  assign result_right2_4 = result_places_4[1] ? {2'd0, result_right1_4[25:3], |result_right1_4[2:0]}
      : result_right1_4;
  assign result_right4_4 = result_places_4[2] ? {4'd0, result_right2_4[25:5], |result_right2_4[4:0]}
      : result_right2_4;
  assign result_right8_4 = result_places_4[3] ? {8'd0, result_right4_4[25:9], |result_right4_4[8:0]}
      : result_right4_4;
  assign result_right16_4 = result_places_4[4] ? {16'd0, result_right8_4[25:17],
      |result_right8_4[16:0]} : result_right8_4;
  assign result_up_4 = result_right16_4[1] & (result_right16_4[0] | result_right16_4[2]);
  assign result_packed_4 = {1'b0, result_field_4, result_right16_4[24:2]} + {31'd0, result_up_4};
  assign result_large_4 = (stage1_4[38] & ($signed(stage1_exponent_2) > $signed(10'd128))) |
      (result_packed_4 > 32'h7f7fffff);
  assign choice_22 = ($signed(word2[80:58]) < $signed(23'd0)) ? (-word2[80:58]) : word2[80:58];
  assign sum_9 = {2'd0, word2[86:81]} + 8'd247;
  assign group_normal_empty16_3 = ~(|group_3[32:17]);
  assign choice_23 = group_normal_empty16_3 ? (group_significand_3 << 5'd16) : group_significand_3;
  assign group_normal_empty8_3 = ~(|choice_23[22:15]);
  assign choice_24 = group_normal_empty8_3 ? (choice_23 << 4'd8) : choice_23;
  assign group_normal_empty4_3 = ~(|choice_24[22:19]);
  assign choice_25 = group_normal_empty4_3 ? (choice_24 << 3'd4) : choice_24;
  assign group_normal_empty2_3 = ~(|choice_25[22:21]);
  assign choice_26 = group_normal_empty2_3 ? (choice_25 << 2'd2) : choice_25;
  assign group_normal_empty1_3 = ~choice_26[22];
  assign difference_9 = group_exponent_3 - {4'd0, group_normal_empty16_3, group_normal_empty8_3,
      group_normal_empty4_3, group_normal_empty2_3, group_normal_empty1_3};
  assign difference_10 = 9'd386 - stage0_exponent_3;
  assign result_right1_5 = result_places_5[0] ? {1'b0, stage0_significand_3, 1'b0, |2'd0} :
      {stage0_significand_3, 3'd0};
  assign result_right2_5 = result_places_5[1] ? {2'd0, result_right1_5[25:3], |result_right1_5[2:0]}
      : result_right1_5;
  assign result_right4_5 = result_places_5[2] ? {4'd0, result_right2_5[25:5], |result_right2_5[4:0]}
      : result_right2_5;
  assign result_right8_5 = result_places_5[3] ? {8'd0, result_right4_5[25:9], |result_right4_5[8:0]}
      : result_right4_5;
  assign result_right16_5 = result_places_5[4] ? {16'd0, result_right8_5[25:17],
      |result_right8_5[16:0]} : result_right8_5;
  assign result_up_5 = result_right16_5[1] & (result_right16_5[0] | result_right16_5[2]);
  assign result_packed_5 = {1'b0, result_field_5, result_right16_5[24:2]} + {31'd0, result_up_5};
  assign result_large_5 = (stage0_5[32] & ($signed(stage0_exponent_3) > $signed(9'd128))) |
      (result_packed_5 > 32'h7f7fffff);
  assign a_infinite_3 = addends_3[30:0] == 31'h7f800000;
  assign a_normal_3 = |addends_3[30:23];
  assign b_infinite_3 = addends_3[62:32] == 31'h7f800000;
  assign b_normal_3 = |addends_3[62:55];
  assign swap_3 = (($signed(b_exponent_3) > $signed(a_exponent_3)) & (|b_significand_3)) |
      ~(|a_significand_3);
  assign distance_3 = swap_3 ? ({b_3[9], b_exponent_3} - {a_3[9], a_exponent_3}) : {a_3[9],
      a_exponent_3} - {b_3[9], b_exponent_3};
  assign choice_27 = ($signed(distance_3) > $signed(10'd27)) ? 5'd27 : distance_3[4:0];
  assign small_right1_3 = choice_27[0] ? {1'b0, small_3[26:2], |small_3[1:0]} : small_3;
  assign small_right2_3 = choice_27[1] ? {2'd0, small_right1_3[26:3], |small_right1_3[2:0]} :
      small_right1_3;
  assign small_right4_3 = choice_27[2] ? {4'd0, small_right2_3[26:5], |small_right2_3[4:0]} :
      small_right2_3;
  assign small_right8_3 = choice_27[3] ? {8'd0, small_right4_3[26:9], |small_right4_3[8:0]} :
      small_right4_3;
  assign small_right16_3 = choice_27[4] ? {16'd0, small_right8_3[26:17], |small_right8_3[16:0]} :
      small_right8_3;
  assign infinite_3 = a_infinite_7 | b_infinite_7;
  assign differ_3 = a_sign_3 ^ b_sign_3;
  assign small_3 = swap_3 ? {a_significand_3, 3'd0} : {b_significand_3, 3'd0};
  assign choice_28 = swap_3 ? b_exponent_3 : a_exponent_3;
  assign sum_10 = {1'b0, stage0_large_significand_3, 1'b1} + {1'b0, stage0_small_3 ^
      {27{stage0_differ_3}}, stage0_differ_3};
  assign minus_3 = stage0_differ_3 & ~sum_10[28];
  assign cancels_3 = stage0_differ_3 & ~stage0_large_infinite_3 & ~(|sum_10[27:1]);
  assign both_7 = (stage0_large_sign_3 ^ (minus_3 & ~stage0_large_infinite_3)) & ~cancels_3;
  assign sum_normal_empty16_3 = ~(|sum_3[38:23]);
  assign choice_29 = sum_normal_empty16_3 ? (sum_significand_3 << 5'd16) : sum_significand_3;
  assign sum_normal_empty8_3 = ~(|choice_29[27:20]);
  assign choice_30 = sum_normal_empty8_3 ? (choice_29 << 4'd8) : choice_29;
  assign sum_normal_empty4_3 = ~(|choice_30[27:24]);
  assign choice_31 = sum_normal_empty4_3 ? (choice_30 << 3'd4) : choice_30;
  assign sum_normal_empty2_3 = ~(|choice_31[27:26]);
  assign choice_32 = sum_normal_empty2_3 ? (choice_31 << 2'd2) : choice_31;
  assign sum_normal_empty1_3 = ~choice_32[27];
  assign difference_11 = sum_exponent_3 - {5'd0, sum_normal_empty16_3, sum_normal_empty8_3,
      sum_normal_empty4_3, sum_normal_empty2_3, sum_normal_empty1_3};
  assign difference_12 = 10'd898 - stage1_exponent_3;
  assign result_right1_6 = result_places_6[0] ? {1'b0, stage1_6[38:15], |{stage1_6[14],
      |stage1_6[13:11]}} : {stage1_6[38:14], |stage1_6[13:11]};
  assign result_right2_6 = result_places_6[1] ? {2'd0, result_right1_6[25:3], |result_right1_6[2:0]}
      : result_right1_6;
  assign result_right4_6 = result_places_6[2] ? {4'd0, result_right2_6[25:5], |result_right2_6[4:0]}
      : result_right2_6;
  assign result_right8_6 = result_places_6[3] ? {8'd0, result_right4_6[25:9], |result_right4_6[8:0]}
      : result_right4_6;
  assign result_right16_6 = result_places_6[4] ? {16'd0, result_right8_6[25:17],
      |result_right8_6[16:0]} : result_right8_6;
  assign result_up_6 = result_right16_6[1] & (result_right16_6[0] | result_right16_6[2]);
  assign result_packed_6 = {1'b0, result_field_6, result_right16_6[24:2]} + {31'd0, result_up_6};
  assign result_large_6 = (stage1_6[38] & ($signed(stage1_exponent_3) > $signed(10'd128))) |
      (result_packed_6 > 32'h7f7fffff);
  assign choice_33 = ($signed(word2[109:87]) < $signed(23'd0)) ? (-word2[109:87]) : word2[109:87];
  assign sum_11 = {2'd0, word2[115:110]} + 8'd247;
  assign group_normal_empty16_4 = ~(|group_4[32:17]);
  assign choice_34 = group_normal_empty16_4 ? (group_significand_4 << 5'd16) : group_significand_4;
  assign group_normal_empty8_4 = ~(|choice_34[22:15]);
  assign choice_35 = group_normal_empty8_4 ? (choice_34 << 4'd8) : choice_34;
  assign group_normal_empty4_4 = ~(|choice_35[22:19]);
  assign choice_36 = group_normal_empty4_4 ? (choice_35 << 3'd4) : choice_35;
  assign group_normal_empty2_4 = ~(|choice_36[22:21]);
  assign choice_37 = group_normal_empty2_4 ? (choice_36 << 2'd2) : choice_36;
  assign group_normal_empty1_4 = ~choice_37[22];
  assign difference_13 = group_exponent_4 - {4'd0, group_normal_empty16_4, group_normal_empty8_4,
      group_normal_empty4_4, group_normal_empty2_4, group_normal_empty1_4};
  assign difference_14 = 9'd386 - stage0_exponent_4;
  assign result_right1_7 = result_places_7[0] ? {1'b0, stage0_significand_4, 1'b0, |2'd0} :
      {stage0_significand_4, 3'd0};
  assign result_right2_7 = result_places_7[1] ? {2'd0, result_right1_7[25:3], |result_right1_7[2:0]}
      : result_right1_7;
  assign result_right4_7 = result_places_7[2] ? {4'd0, result_right2_7[25:5], |result_right2_7[4:0]}
      : result_right2_7;
  assign result_right8_7 = result_places_7[3] ? {8'd0, result_right4_7[25:9], |result_right4_7[8:0]}
      : result_right4_7;
  assign result_right16_7 = result_places_7[4] ? {16'd0, result_right8_7[25:17],
      |result_right8_7[16:0]} : result_right8_7;
  assign result_up_7 = result_right16_7[1] & (result_right16_7[0] | result_right16_7[2]);
  assign result_packed_7 = {1'b0, result_field_7, result_right16_7[24:2]} + {31'd0, result_up_7};
  assign result_large_7 = (stage0_7[32] & ($signed(stage0_exponent_4) > $signed(9'd128))) |
      (result_packed_7 > 32'h7f7fffff);
  assign a_infinite_4 = addends_4[30:0] == 31'h7f800000;
  assign a_normal_4 = |addends_4[30:23];
  assign b_infinite_4 = addends_4[62:32] == 31'h7f800000;
  assign b_normal_4 = |addends_4[62:55];
  assign swap_4 = (($signed(b_exponent_4) > $signed(a_exponent_4)) & (|b_significand_4)) |
      ~(|a_significand_4);
  assign distance_4 = swap_4 ? ({b_4[9], b_exponent_4} - {a_4[9], a_exponent_4}) : {a_4[9],
      a_exponent_4} - {b_4[9], b_exponent_4};
  assign choice_38 = ($signed(distance_4) > $signed(10'd27)) ? 5'd27 : distance_4[4:0];
  assign small_right1_4 = choice_38[0] ? {1'b0, small_4[26:2], |small_4[1:0]} : small_4;
  assign small_right2_4 = choice_38[1] ? {2'd0, small_right1_4[26:3], |small_right1_4[2:0]} :
      small_right1_4;
  assign small_right4_4 = choice_38[2] ? {4'd0, small_right2_4[26:5], |small_right2_4[4:0]} :
      small_right2_4;
  assign small_right8_4 = choice_38[3] ? {8'd0, small_right4_4[26:9], |small_right4_4[8:0]} :
      small_right4_4;
  assign small_right16_4 = choice_38[4] ? {16'd0, small_right8_4[26:17], |small_right8_4[16:0]} :
      small_right8_4;
  assign infinite_4 = a_infinite_8 | b_infinite_8;
  assign differ_4 = a_sign_4 ^ b_sign_4;
  assign small_4 = swap_4 ? {a_significand_4, 3'd0} : {b_significand_4, 3'd0};
  assign choice_39 = swap_4 ? b_exponent_4 : a_exponent_4;
  assign sum_12 = {1'b0, stage0_large_significand_4, 1'b1} + {1'b0, stage0_small_4 ^
      {27{stage0_differ_4}}, stage0_differ_4};
  assign minus_4 = stage0_differ_4 & ~sum_12[28];
  assign cancels_4 = stage0_differ_4 & ~stage0_large_infinite_4 & ~(|sum_12[27:1]);
  assign both_8 = (stage0_large_sign_4 ^ (minus_4 & ~stage0_large_infinite_4)) & ~cancels_4;
  assign sum_normal_empty16_4 = ~(|sum_4[38:23]);
  assign choice_40 = sum_normal_empty16_4 ? (sum_significand_4 << 5'd16) : sum_significand_4;
  assign sum_normal_empty8_4 = ~(|choice_40[27:20]);
  assign choice_41 = sum_normal_empty8_4 ? (choice_40 << 4'd8) : choice_40;
  assign sum_normal_empty4_4 = ~(|choice_41[27:24]);
  assign choice_42 = sum_normal_empty4_4 ? (choice_41 << 3'd4) : choice_41;
  assign sum_normal_empty2_4 = ~(|choice_42[27:26]);
  assign choice_43 = sum_normal_empty2_4 ? (choice_42 << 2'd2) : choice_42;
  assign sum_normal_empty1_4 = ~choice_43[27];
  assign difference_15 = sum_exponent_4 - {5'd0, sum_normal_empty16_4, sum_normal_empty8_4,
      sum_normal_empty4_4, sum_normal_empty2_4, sum_normal_empty1_4};
  assign difference_16 = 10'd898 - stage1_exponent_4;
  assign result_right1_8 = result_places_8[0] ? {1'b0, stage1_8[38:15], |{stage1_8[14],
      |stage1_8[13:11]}} : {stage1_8[38:14], |stage1_8[13:11]};
  assign result_right2_8 = result_places_8[1] ? {2'd0, result_right1_8[25:3], |result_right1_8[2:0]}
      : result_right1_8;
  assign result_right4_8 = result_places_8[2] ? {4'd0, result_right2_8[25:5], |result_right2_8[4:0]}
      : result_right2_8;
  assign result_right8_8 = result_places_8[3] ? {8'd0, result_right4_8[25:9], |result_right4_8[8:0]}
      : result_right4_8;
  assign result_right16_8 = result_places_8[4] ? {16'd0, result_right8_8[25:17],
      |result_right8_8[16:0]} : result_right8_8;
  assign result_up_8 = result_right16_8[1] & (result_right16_8[0] | result_right16_8[2]);
  assign result_packed_8 = {1'b0, result_field_8, result_right16_8[24:2]} + {31'd0, result_up_8};
  assign result_large_8 = (stage1_8[38] & ($signed(stage1_exponent_4) > $signed(10'd128))) |
      (result_packed_8 > 32'h7f7fffff);
  assign banks_filled = gathers4 & gathered4_fills;
  assign banks_freed = leaves & read;
  assign leaving_0 = full & ~banks_uses;
  assign read_addr = leaving_0 ? read_address : walk_address;
  assign read_en = leaving_0 ? read : taken_2 & ~banks_fills;
  assign signature_en = gathers4 & ~gathered4_bank;
  assign leaving_1 = full & banks_uses;
  assign read_addr_2 = leaving_1 ? read_address : walk_address;
  assign read_en_2 = leaving_1 ? read : taken_2 & banks_fills;
  assign signature_en_2 = gathers4 & gathered4_bank;
  assign data = gone_bank ? gone_1 : gone_0;
  assign now[5:0] = walk_address;
  assign now[6] = banks_fills;
  assign now[7] = tiles_payload_begins;
  assign now[8] = closed;
  assign group[0] = $signed(word2[22:0]) < $signed(23'd0);
  assign group[9:1] = {sum_5[7], sum_5};
  assign group[32:10] = ($signed(word2[22:0]) < $signed(23'd0)) ? (-word2[22:0]) : word2[22:0];
  assign group[34:33] = 2'd0;
  assign group_normal[0] = group_sign;
  assign group_normal[9:1] = difference;
  assign group_normal[32:10] = group_normal_empty1 ? (choice_4 << 1'b1) : choice_4;
  assign group_normal[34:33] = group[34:33];
  assign result_places = $signed(difference_2) > $signed(9'd0) ? (($signed(difference_2) >
      $signed(9'd26)) ? 5'd26 : difference_2[4:0]) : 5'd0;
  assign result_field = result_right16[25] ? stage0[8:1] + 8'd127 : 8'd0;
  assign result_bits = stage0_nan ? 32'h7fc00000 : result_large | stage0_infinite ? {stage0_sign,
      31'h7f800000} : {stage0_sign, result_packed[30:0]};
  assign addends[31:0] = waited;
  assign addends[63:32] = stage1;
  assign a[0] = addends[31];
  assign a[9:1] = {1'b0, a_normal ? addends[30:23] : 8'd1} - 9'd127;
  assign a[33:10] = {a_normal, addends[22:0]};
  assign a[34] = a_infinite;
  assign a[35] = (addends[30:0] > 31'h7f7fffff) & ~a_infinite;
  assign b[0] = addends[63];
  assign b[9:1] = {1'b0, b_normal ? addends[62:55] : 8'd1} - 9'd127;
  assign b[33:10] = {b_normal, addends[54:32]};
  assign b[34] = b_infinite;
  assign b[35] = (addends[62:32] > 31'h7f7fffff) & ~b_infinite;
  assign aligned[0] = infinite ? (a_infinite_5 ? a_sign : b_sign) : (swap ? b_sign : a_sign);
  assign aligned[10:1] = {choice_6[8], choice_6};
  assign aligned[37:11] = swap ? {b_significand, 3'd0} : {a_significand, 3'd0};
  assign aligned[38] = infinite;
  assign aligned[39] = a_nan | b_nan | (a_infinite_5 & b_infinite_5 & differ);
  assign aligned[66:40] = small_right16;
  assign aligned[67] = differ;
  assign sum[0] = (stage0_large_sign ^ (minus & ~stage0_large_infinite)) & ~cancels;
  assign sum[10:1] = stage0_large_exponent + 10'd1;
  assign sum[38:11] = stage0_differ ? {1'b0, (sum_6[27:1] ^ {27{minus}}) + {26'd0, minus}} : total;
  assign sum[39] = stage0_large_infinite;
  assign sum[40] = stage0_large_nan;
  assign sum_normal[0] = sum_sign;
  assign sum_normal[10:1] = difference_3;
  assign sum_normal[38:11] = sum_normal_empty1 ? (choice_10 << 1'b1) : choice_10;
  assign sum_normal[40:39] = sum[40:39];
  assign result_places_2 = $signed(difference_4) > $signed(10'd0) ? (($signed(difference_4) >
      $signed(10'd26)) ? 5'd26 : difference_4[4:0]) : 5'd0;
  assign result_field_2 = result_right16_2[25] ? stage1_2[8:1] + 8'd127 : 8'd0;
  assign result_bits_2 = stage1_nan ? 32'h7fc00000 : result_large_2 | stage1_infinite ?
      {stage1_sign, 31'h7f800000} : {stage1_sign, result_packed_2[30:0]};
  assign group_2[0] = $signed(word2[51:29]) < $signed(23'd0);
  assign group_2[9:1] = {sum_7[7], sum_7};
  assign group_2[32:10] = choice_11;
  assign group_2[34:33] = 2'd0;
  assign group_normal_2[0] = group_sign_2;
  assign group_normal_2[9:1] = difference_5;
  assign group_normal_2[32:10] = group_normal_empty1_2 ? (choice_15 << 1'b1) : choice_15;
  assign group_normal_2[34:33] = group_2[34:33];
  assign result_places_3 = $signed(difference_6) > $signed(9'd0) ? (($signed(difference_6) >
      $signed(9'd26)) ? 5'd26 : difference_6[4:0]) : 5'd0;
  assign result_field_3 = result_right16_3[25] ? stage0_3[8:1] + 8'd127 : 8'd0;
  assign result_bits_3 = stage0_nan_2 ? 32'h7fc00000 : result_large_3 | stage0_infinite_2 ?
      {stage0_sign_2, 31'h7f800000} : {stage0_sign_2, result_packed_3[30:0]};
  assign addends_2[31:0] = waited_2;
  assign addends_2[63:32] = stage1_3;
  assign a_2[0] = addends_2[31];
  assign a_2[9:1] = {1'b0, a_normal_2 ? addends_2[30:23] : 8'd1} - 9'd127;
  assign a_2[33:10] = {a_normal_2, addends_2[22:0]};
  assign a_2[34] = a_infinite_2;
  assign a_2[35] = (addends_2[30:0] > 31'h7f7fffff) & ~a_infinite_2;
  assign b_2[0] = addends_2[63];
  assign b_2[9:1] = {1'b0, b_normal_2 ? addends_2[62:55] : 8'd1} - 9'd127;
  assign b_2[33:10] = {b_normal_2, addends_2[54:32]};
  assign b_2[34] = b_infinite_2;
  assign b_2[35] = (addends_2[62:32] > 31'h7f7fffff) & ~b_infinite_2;
  assign aligned_2[0] = infinite_2 ? (a_infinite_6 ? a_sign_2 : b_sign_2) : (swap_2 ? b_sign_2 :
      a_sign_2);
  assign aligned_2[10:1] = {choice_17[8], choice_17};
  assign aligned_2[37:11] = swap_2 ? {b_significand_2, 3'd0} : {a_significand_2, 3'd0};
  assign aligned_2[38] = infinite_2;
  assign aligned_2[39] = a_nan_2 | b_nan_2 | (a_infinite_6 & b_infinite_6 & differ_2);
  assign aligned_2[66:40] = small_right16_2;
  assign aligned_2[67] = differ_2;
  assign sum_2[0] = both_6;
  assign sum_2[10:1] = stage0_large_exponent_2 + 10'd1;
  assign sum_2[38:11] = stage0_differ_2 ? {1'b0, (sum_8[27:1] ^ {27{minus_2}}) + {26'd0, minus_2}} :
      total_2;
  assign sum_2[39] = stage0_large_infinite_2;
  assign sum_2[40] = stage0_large_nan_2;
  assign sum_normal_2[0] = sum_sign_2;
  assign sum_normal_2[10:1] = difference_7;
  assign sum_normal_2[38:11] = sum_normal_empty1_2 ? (choice_21 << 1'b1) : choice_21;
  assign sum_normal_2[40:39] = sum_2[40:39];
  assign result_places_4 = $signed(difference_8) > $signed(10'd0) ? (($signed(difference_8) >
      $signed(10'd26)) ? 5'd26 : difference_8[4:0]) : 5'd0;
  assign result_field_4 = result_right16_4[25] ? stage1_4[8:1] + 8'd127 : 8'd0;
  assign result_bits_4 = stage1_nan_2 ? 32'h7fc00000 : result_large_4 | stage1_infinite_2 ?
      {stage1_sign_2, 31'h7f800000} : {stage1_sign_2, result_packed_4[30:0]};
  assign group_3[0] = $signed(word2[80:58]) < $signed(23'd0);
  assign group_3[9:1] = {sum_9[7], sum_9};
  assign group_3[32:10] = choice_22;
  assign group_3[34:33] = 2'd0;
  assign group_normal_3[0] = group_sign_3;
  assign group_normal_3[9:1] = difference_9;
  assign group_normal_3[32:10] = group_normal_empty1_3 ? (choice_26 << 1'b1) : choice_26;
  assign group_normal_3[34:33] = group_3[34:33];
  assign result_places_5 = $signed(difference_10) > $signed(9'd0) ? (($signed(difference_10) >
      $signed(9'd26)) ? 5'd26 : difference_10[4:0]) : 5'd0;
  assign result_field_5 = result_right16_5[25] ? stage0_5[8:1] + 8'd127 : 8'd0;
  assign result_bits_5 = stage0_nan_3 ? 32'h7fc00000 : result_large_5 | stage0_infinite_3 ?
      {stage0_sign_3, 31'h7f800000} : {stage0_sign_3, result_packed_5[30:0]};
  assign addends_3[31:0] = waited_3;
  assign addends_3[63:32] = stage1_5;
  assign a_3[0] = addends_3[31];
  assign a_3[9:1] = {1'b0, a_normal_3 ? addends_3[30:23] : 8'd1} - 9'd127;
  assign a_3[33:10] = {a_normal_3, addends_3[22:0]};
  assign a_3[34] = a_infinite_3;
  assign a_3[35] = (addends_3[30:0] > 31'h7f7fffff) & ~a_infinite_3;
  assign b_3[0] = addends_3[63];
  assign b_3[9:1] = {1'b0, b_normal_3 ? addends_3[62:55] : 8'd1} - 9'd127;
  assign b_3[33:10] = {b_normal_3, addends_3[54:32]};
  assign b_3[34] = b_infinite_3;
  assign b_3[35] = (addends_3[62:32] > 31'h7f7fffff) & ~b_infinite_3;
  assign aligned_3[0] = infinite_3 ? (a_infinite_7 ? a_sign_3 : b_sign_3) : (swap_3 ? b_sign_3 :
      a_sign_3);
  assign aligned_3[10:1] = {choice_28[8], choice_28};
  assign aligned_3[37:11] = swap_3 ? {b_significand_3, 3'd0} : {a_significand_3, 3'd0};
  assign aligned_3[38] = infinite_3;
  assign aligned_3[39] = a_nan_3 | b_nan_3 | (a_infinite_7 & b_infinite_7 & differ_3);
  assign aligned_3[66:40] = small_right16_3;
  assign aligned_3[67] = differ_3;
  assign sum_3[0] = both_7;
  assign sum_3[10:1] = stage0_large_exponent_3 + 10'd1;
  assign sum_3[38:11] = stage0_differ_3 ? {1'b0, (sum_10[27:1] ^ {27{minus_3}}) + {26'd0, minus_3}}
      : total_3;
  assign sum_3[39] = stage0_large_infinite_3;
  assign sum_3[40] = stage0_large_nan_3;
  assign sum_normal_3[0] = sum_sign_3;
  assign sum_normal_3[10:1] = difference_11;
  assign sum_normal_3[38:11] = sum_normal_empty1_3 ? (choice_32 << 1'b1) : choice_32;
  assign sum_normal_3[40:39] = sum_3[40:39];
  assign result_places_6 = $signed(difference_12) > $signed(10'd0) ? (($signed(difference_12) >
      $signed(10'd26)) ? 5'd26 : difference_12[4:0]) : 5'd0;
  assign result_field_6 = result_right16_6[25] ? stage1_6[8:1] + 8'd127 : 8'd0;
  assign result_bits_6 = stage1_nan_3 ? 32'h7fc00000 : result_large_6 | stage1_infinite_3 ?
      {stage1_sign_3, 31'h7f800000} : {stage1_sign_3, result_packed_6[30:0]};
  assign group_4[0] = $signed(word2[109:87]) < $signed(23'd0);
  assign group_4[9:1] = {sum_11[7], sum_11};
  assign group_4[32:10] = choice_33;
  assign group_4[34:33] = 2'd0;
  assign group_normal_4[0] = group_sign_4;
  assign group_normal_4[9:1] = difference_13;
  assign group_normal_4[32:10] = group_normal_empty1_4 ? (choice_37 << 1'b1) : choice_37;
  assign group_normal_4[34:33] = group_4[34:33];
  assign result_places_7 = $signed(difference_14) > $signed(9'd0) ? (($signed(difference_14) >
      $signed(9'd26)) ? 5'd26 : difference_14[4:0]) : 5'd0;
  assign result_field_7 = result_right16_7[25] ? stage0_7[8:1] + 8'd127 : 8'd0;
  assign result_bits_7 = stage0_nan_4 ? 32'h7fc00000 : result_large_7 | stage0_infinite_4 ?
      {stage0_sign_4, 31'h7f800000} : {stage0_sign_4, result_packed_7[30:0]};
  assign addends_4[31:0] = waited_4;
  assign addends_4[63:32] = stage1_7;
  assign a_4[0] = addends_4[31];
  assign a_4[9:1] = {1'b0, a_normal_4 ? addends_4[30:23] : 8'd1} - 9'd127;
  assign a_4[33:10] = {a_normal_4, addends_4[22:0]};
  assign a_4[34] = a_infinite_4;
  assign a_4[35] = (addends_4[30:0] > 31'h7f7fffff) & ~a_infinite_4;
  assign b_4[0] = addends_4[63];
  assign b_4[9:1] = {1'b0, b_normal_4 ? addends_4[62:55] : 8'd1} - 9'd127;
  assign b_4[33:10] = {b_normal_4, addends_4[54:32]};
  assign b_4[34] = b_infinite_4;
  assign b_4[35] = (addends_4[62:32] > 31'h7f7fffff) & ~b_infinite_4;
  assign aligned_4[0] = infinite_4 ? (a_infinite_8 ? a_sign_4 : b_sign_4) : (swap_4 ? b_sign_4 :
      a_sign_4);
  assign aligned_4[10:1] = {choice_39[8], choice_39};
  assign aligned_4[37:11] = swap_4 ? {b_significand_4, 3'd0} : {a_significand_4, 3'd0};
  assign aligned_4[38] = infinite_4;
  assign aligned_4[39] = a_nan_4 | b_nan_4 | (a_infinite_8 & b_infinite_8 & differ_4);
  assign aligned_4[66:40] = small_right16_4;
  assign aligned_4[67] = differ_4;
  assign sum_4[0] = both_8;
  assign sum_4[10:1] = stage0_large_exponent_4 + 10'd1;
  assign sum_4[38:11] = stage0_differ_4 ? {1'b0, (sum_12[27:1] ^ {27{minus_4}}) + {26'd0, minus_4}}
      : total_4;
  assign sum_4[39] = stage0_large_infinite_4;
  assign sum_4[40] = stage0_large_nan_4;
  assign sum_normal_4[0] = sum_sign_4;
  assign sum_normal_4[10:1] = difference_15;
  assign sum_normal_4[38:11] = sum_normal_empty1_4 ? (choice_43 << 1'b1) : choice_43;
  assign sum_normal_4[40:39] = sum_4[40:39];
  assign result_places_8 = $signed(difference_16) > $signed(10'd0) ? (($signed(difference_16) >
      $signed(10'd26)) ? 5'd26 : difference_16[4:0]) : 5'd0;
  assign result_field_8 = result_right16_8[25] ? stage1_8[8:1] + 8'd127 : 8'd0;
  assign result_bits_8 = stage1_nan_4 ? 32'h7fc00000 : result_large_8 | stage1_infinite_4 ?
      {stage1_sign_4, 31'h7f800000} : {stage1_sign_4, result_packed_8[30:0]};
  assign before_ = ~place2_begins ? (place2_bank ? grown_1 : grown_0) : 128'd0;

  always @(posedge clk) begin
    if (rst) begin
      valid1 <= 1'b0;
      place1 <= 9'd0;
      valid2 <= 1'b0;
      place2 <= 9'd0;
      gathers0 <= 1'b0;
      gathered0 <= 9'd0;
      gathers1 <= 1'b0;
      gathered1 <= 9'd0;
      gathers2 <= 1'b0;
      gathered2 <= 9'd0;
      gathers3 <= 1'b0;
      gathered3 <= 9'd0;
      gathers4 <= 1'b0;
      gathered4 <= 9'd0;
      leaves <= 1'b0;
      from_bank <= 1'b0;
      gone_bank <= 1'b0;
    end else begin
      valid1 <= taken_2;
      place1 <= now;
      valid2 <= valid1;
      place2 <= place1;
      gathers0 <= valid2;
      gathered0 <= place2;
      gathers1 <= gathers0;
      gathered1 <= gathered0;
      gathers2 <= gathers1;
      gathered2 <= gathered1;
      gathers3 <= gathers2;
      gathered3 <= gathered2;
      gathers4 <= gathers3;
      gathered4 <= gathered3;
      if (taken) begin
        leaves <= 1'b1;
      end else if (read) begin
        leaves <= 1'b0;
      end
      if (read) begin
        from_bank <= banks_uses;
        gone_bank <= from_bank;
      end
    end
  end

  always @(posedge clk) begin
    word1 <= sums_payload_values;
    word2 <= word1;
    stage0 <= group_normal;
    stage1 <= result_bits;
    waited_5 <= before_[31:0];
    waited <= waited_5;
    stage0_2 <= aligned;
    stage1_2 <= sum_normal;
    stage2 <= result_bits_2;
    stage0_3 <= group_normal_2;
    stage1_3 <= result_bits_3;
    waited_6 <= before_[63:32];
    waited_2 <= waited_6;
    stage0_4 <= aligned_2;
    stage1_4 <= sum_normal_2;
    stage2_2 <= result_bits_4;
    stage0_5 <= group_normal_3;
    stage1_5 <= result_bits_5;
    waited_7 <= before_[95:64];
    waited_3 <= waited_7;
    stage0_6 <= aligned_3;
    stage1_6 <= sum_normal_3;
    stage2_3 <= result_bits_6;
    stage0_7 <= group_normal_4;
    stage1_7 <= result_bits_7;
    waited_8 <= before_[127:96];
    waited_4 <= waited_8;
    stage0_8 <= aligned_4;
    stage1_8 <= sum_normal_4;
    stage2_4 <= result_bits_8;
    grown_0 <= read_data;
    if (read) begin
      gone_0 <= read_data;
      gone_1 <= read_data_2;
    end
    grown_1 <= read_data_2;
  end

  integer memory_0_at;
  initial begin
    for (memory_0_at = 0; memory_0_at < 64; memory_0_at = memory_0_at + 1)
      memory_0[memory_0_at] = 128'd0;
  end

  integer memory_1_at;
  initial begin
    for (memory_1_at = 0; memory_1_at < 64; memory_1_at = memory_1_at + 1)
      memory_1[memory_1_at] = 128'd0;
  end

  always @(posedge clk) begin
    if (signature_en) memory_0[gathered4_address] <= {stage2_4, stage2_3, stage2_2, stage2};
  end

  always @(posedge clk) begin
    if (read_en) read_data <= memory_0[read_addr];
  end

  always @(posedge clk) begin
    if (signature_en_2) memory_1[gathered4_address] <= {stage2_4, stage2_3, stage2_2, stage2};
  end

  always @(posedge clk) begin
    if (read_en_2) read_data_2 <= memory_1[read_addr_2];
  end

  bitmod_core_sums_walk walk (
    .clk(clk),
    .rst(rst),
    .step(taken_2),
    .fields(tiles_payload[3:0]),
    .last(walk_last),
    .middle_first(),
    .address(walk_address)
  );
  bitmod_core_sums_banks banks (
    .clk(clk),
    .rst(rst),
    .claimed(claimed),
    .closed(closed),
    .filled(banks_filled),
    .freed(banks_freed),
    .taken(taken),
    .free(free),
    .full(full),
    .fills(banks_fills),
    .uses(banks_uses)
  );
endmodule

module bitmod_core_sums_banks (
  input  wire clk,
  input  wire rst,
  input  wire claimed,
  input  wire closed,
  input  wire filled,
  input  wire freed,
  input  wire taken,
  output reg  free = 1'b1,
  output reg  full = 1'b0,
  output reg  fills = 1'b0,
  output reg  uses = 1'b0
);
  reg  [1:0] held = 2'd0;
  reg  [1:0] ready = 2'd0;

  wire [1:0] difference;
  wire [1:0] difference_2;

  assign difference = (held + {1'b0, claimed}) - {1'b0, freed};
  assign difference_2 = (ready + {1'b0, filled}) - {1'b0, taken};

  always @(posedge clk) begin
    if (rst) begin
      held <= 2'd0;
      ready <= 2'd0;
      free <= 1'b1;
      full <= 1'b0;
      fills <= 1'b0;
      uses <= 1'b0;
    end else begin
      held <= difference;
      ready <= difference_2;
      free <= difference < 2'd2;
      full <= difference_2 > 2'd0;
      fills <= fills ^ closed;
      uses <= uses ^ taken;
    end
  end
endmodule

module bitmod_core_sums_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [3:0] fields,
  output wire last,
  output wire middle_first,
  output reg  [5:0] address = 6'd0
);
  reg  [1:0] at_inner = 2'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;

  wire inner_last;
  wire middle_last;
  wire outer_last;

  wire [1:0] middle = fields[1:0];
  wire [1:0] outer = fields[3:2];

  assign inner_last = at_inner == 2'd3;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;
  assign middle_first = at_middle == 2'd0;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 2'd0;
      address <= 6'd0;
      at_middle <= 2'd0;
      at_outer <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 2'd1;
      if (inner_last) begin
        at_inner <= 2'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 6'd1;
      if (last) address <= 6'd0;
      if (middle_last) begin
        at_middle <= 2'd0;
        at_outer <= at_outer + 2'd1;
      end
      if (last) at_outer <= 2'd0;
    end
  end
endmodule

// Codes and scales in, a term of each weight in each cycle out.
module bitmod_core_expander (
  input  wire clk,
  input  wire rst,
  input  wire activations_ready,
  input  wire tiles_valid,
  input  wire [15:0] tiles_payload,
  input  wire a_valid,
  input  wire [256:0] a_payload,
  input  wire b_valid,
  input  wire [63:0] b_payload,
  input  wire [31:0] specials,
  output wire b_ready,
  output wire load,
  output wire tiles_ready,
  output reg  activations_valid = 1'b0,
  output reg  [256:0] activations_payload = 257'd0,
  output reg  [79:0] weights_payload = 80'd0
);
  reg  known = 1'b0;
  reg  at_2 = 1'b0;
  reg  [15:0] pending_0 = 16'd0;
  reg  [15:0] pending_1 = 16'd0;
  reg  [15:0] pending_2 = 16'd0;
  reg  [15:0] pending_3 = 16'd0;
  reg  held = 1'b0;
  reg  step = 1'b0;
  reg  [256:0] word_a = 257'd0;
  reg  [63:0] word_b = 64'd0;
  reg  [4:0] left = 5'd0;
  reg  [4:0] at = 5'd0;
  reg  starts = 1'b1;
  reg  [1:0] row = 2'd0;
  reg  [1:0] column = 2'd0;
  reg  [9:0] head_0 = 10'd0;
  reg  [9:0] head_1 = 10'd0;
  reg  [9:0] head_2 = 10'd0;
  reg  [9:0] head_3 = 10'd0;

  wire signal;
  wire signal_2;
  wire takes;
  wire last;
  wire [5:0] product;
  wire [1:0] difference;
  wire [5:0] sum;
  wire [5:0] product_2;
  wire [31:0] shifted;
  wire [2:0] chosen;
  wire [3:0] choice;
  wire [2:0] chosen_2;
  wire [2:0] chosen_3;
  wire [2:0] chosen_4;
  wire [7:0] shifted_2;
  wire [5:0] product_3;
  wire [31:0] shifted_3;
  wire [2:0] chosen_5;
  wire [3:0] choice_2;
  wire [2:0] chosen_6;
  wire [2:0] chosen_7;
  wire [2:0] chosen_8;
  wire [7:0] shifted_4;
  wire [5:0] product_4;
  wire [31:0] shifted_5;
  wire [2:0] chosen_9;
  wire [3:0] choice_3;
  wire [2:0] chosen_10;
  wire [2:0] chosen_11;
  wire [2:0] chosen_12;
  wire [7:0] shifted_6;
  wire [5:0] product_5;
  wire [31:0] shifted_7;
  wire [2:0] chosen_13;
  wire [3:0] choice_4;
  wire [2:0] chosen_14;
  wire [2:0] chosen_15;
  wire [2:0] chosen_16;
  wire [7:0] shifted_8;
  wire [2:0] first;
  wire [2:0] second;
  wire [3:0] term;
  wire [19:0] weight_0;
  wire [2:0] first_2;
  wire [2:0] second_2;
  wire [3:0] term_2;
  wire [2:0] first_3;
  wire [2:0] second_3;
  wire [3:0] term_3;
  wire [2:0] first_4;
  wire [2:0] second_4;
  wire [3:0] term_4;
  wire [2:0] first_5;
  wire [2:0] second_5;
  wire [3:0] term_5;
  wire [19:0] weight_1;
  wire [2:0] first_6;
  wire [2:0] second_6;
  wire [3:0] term_6;
  wire [2:0] first_7;
  wire [2:0] second_7;
  wire [3:0] term_7;
  wire [2:0] first_8;
  wire [2:0] second_8;
  wire [3:0] term_8;
  wire [2:0] first_9;
  wire [2:0] second_9;
  wire [3:0] term_9;
  wire [19:0] weight_2;
  wire [2:0] first_10;
  wire [2:0] second_10;
  wire [3:0] term_10;
  wire [2:0] first_11;
  wire [2:0] second_11;
  wire [3:0] term_11;
  wire [2:0] first_12;
  wire [2:0] second_12;
  wire [3:0] term_12;
  wire [2:0] first_13;
  wire [2:0] second_13;
  wire [3:0] term_13;
  wire [19:0] weight_3;
  wire [2:0] first_14;
  wire [2:0] second_14;
  wire [3:0] term_14;
  wire [2:0] first_15;
  wire [2:0] second_15;
  wire [3:0] term_15;
  wire [2:0] first_16;
  wire [2:0] second_16;
  wire [3:0] term_16;
  wire [7:0] special_0;
  wire [7:0] special_1;
  wire [7:0] special_2;
  wire [7:0] special_3;

  wire [3:0] special_0_0 = special_0[3:0];
  wire [3:0] special_0_1 = special_0[7:4];
  wire [3:0] special_1_0 = special_1[3:0];
  wire [3:0] special_1_1 = special_1[7:4];
  wire [3:0] special_2_0 = special_2[3:0];
  wire [3:0] special_2_1 = special_2[7:4];
  wire [3:0] special_3_0 = special_3[3:0];
  wire [3:0] special_3_1 = special_3[7:4];
  wire [1:0] tiles_payload_m = tiles_payload[1:0];
  wire [1:0] tiles_payload_n = tiles_payload[3:2];
  wire [4:0] tiles_payload_k = tiles_payload[8:4];
  wire [255:0] word_a_values = word_a[255:0];
  wire word_a_last = word_a[256];

  assign signal = ~activations_valid | activations_ready;
  assign signal_2 = ~held | (signal & step);
  assign takes = starts & ~known & b_valid;
  assign b_ready = load | (starts & ~known);
  assign load = signal_2 & a_valid & b_valid & tiles_valid & (known | ~starts);
  assign last = at == tiles_payload_k;
  assign tiles_ready = load & last & (row == tiles_payload_m) & (column == tiles_payload_n);
  assign product = left * 2'd2;
  assign difference = 2'd1 - {1'b0, step};
  assign sum = product + {{4{difference[1]}}, difference};
  assign product_2 = head_0[9:8] * 4'd8;
  assign shifted = specials >> product_2;
  assign chosen = step ? second : first;
  assign choice = step ? special_0_1 : special_0_0;
  assign chosen_2 = step ? second_2 : first_2;
  assign chosen_3 = step ? second_3 : first_3;
  assign chosen_4 = step ? second_4 : first_4;
  assign shifted_2 = head_0[7:0] >> ~sum[2:0];
  assign product_3 = head_1[9:8] * 4'd8;
  assign shifted_3 = specials >> product_3;
  assign chosen_5 = step ? second_5 : first_5;
  assign choice_2 = step ? special_1_1 : special_1_0;
  assign chosen_6 = step ? second_6 : first_6;
  assign chosen_7 = step ? second_7 : first_7;
  assign chosen_8 = step ? second_8 : first_8;
  assign shifted_4 = head_1[7:0] >> ~sum[2:0];
  assign product_4 = head_2[9:8] * 4'd8;
  assign shifted_5 = specials >> product_4;
  assign chosen_9 = step ? second_9 : first_9;
  assign choice_3 = step ? special_2_1 : special_2_0;
  assign chosen_10 = step ? second_10 : first_10;
  assign chosen_11 = step ? second_11 : first_11;
  assign chosen_12 = step ? second_12 : first_12;
  assign shifted_6 = head_2[7:0] >> ~sum[2:0];
  assign product_5 = head_3[9:8] * 4'd8;
  assign shifted_7 = specials >> product_5;
  assign chosen_13 = step ? second_13 : first_13;
  assign choice_4 = step ? special_3_1 : special_3_0;
  assign chosen_14 = step ? second_14 : first_14;
  assign chosen_15 = step ? second_15 : first_15;
  assign chosen_16 = step ? second_16 : first_16;
  assign shifted_8 = head_3[7:0] >> ~sum[2:0];
  assign first = word_b[2:0] == 3'd0 ? 3'd0 : word_b[2:0] == 3'd1 ? 3'd4 : word_b[2:0] == 3'd2 ?
      3'd5 : word_b[2:0] == 3'd3 ? 3'd4 : word_b[2:0] == 3'd4 ? 3'd6 : word_b[2:0] == 3'd5 ? 3'd5 :
      word_b[2:0] == 3'd6 ? 3'd7 : 3'd6;
  assign second = word_b[2:0] == 3'd0 ? 3'd0 : word_b[2:0] == 3'd1 ? 3'd0 : word_b[2:0] == 3'd2 ?
      3'd0 : word_b[2:0] == 3'd3 ? 3'd5 : word_b[2:0] == 3'd4 ? 3'd0 : word_b[2:0] == 3'd5 ? 3'd6 :
      word_b[2:0] == 3'd6 ? 3'd0 : 3'd7;
  assign term = word_b[3] & (word_b[2:0] == 3'd0) ? choice : {chosen, word_b[3] & chosen[2]};
  assign weight_0[3:0] = term;
  assign weight_0[7:4] = term_2;
  assign weight_0[11:8] = term_3;
  assign weight_0[15:12] = term_4;
  assign weight_0[18:16] = 3'd1;
  assign weight_0[19] = shifted_2[0] & (sum < 6'd8);
  assign first_2 = word_b[6:4] == 3'd0 ? 3'd0 : word_b[6:4] == 3'd1 ? 3'd4 : word_b[6:4] == 3'd2 ?
      3'd5 : word_b[6:4] == 3'd3 ? 3'd4 : word_b[6:4] == 3'd4 ? 3'd6 : word_b[6:4] == 3'd5 ? 3'd5 :
      word_b[6:4] == 3'd6 ? 3'd7 : 3'd6;
  assign second_2 = word_b[6:4] == 3'd0 ? 3'd0 : word_b[6:4] == 3'd1 ? 3'd0 : word_b[6:4] == 3'd2 ?
      3'd0 : word_b[6:4] == 3'd3 ? 3'd5 : word_b[6:4] == 3'd4 ? 3'd0 : word_b[6:4] == 3'd5 ? 3'd6 :
      word_b[6:4] == 3'd6 ? 3'd0 : 3'd7;
  assign term_2 = word_b[7] & (word_b[6:4] == 3'd0) ? choice : {chosen_2, word_b[7] & chosen_2[2]};
  assign first_3 = word_b[10:8] == 3'd0 ? 3'd0 : word_b[10:8] == 3'd1 ? 3'd4 : word_b[10:8] == 3'd2
      ? 3'd5 : word_b[10:8] == 3'd3 ? 3'd4 : word_b[10:8] == 3'd4 ? 3'd6 : word_b[10:8] == 3'd5 ?
      3'd5 : word_b[10:8] == 3'd6 ? 3'd7 : 3'd6;
  assign second_3 = word_b[10:8] == 3'd0 ? 3'd0 : word_b[10:8] == 3'd1 ? 3'd0 : word_b[10:8] == 3'd2
      ? 3'd0 : word_b[10:8] == 3'd3 ? 3'd5 : word_b[10:8] == 3'd4 ? 3'd0 : word_b[10:8] == 3'd5 ?
      3'd6 : word_b[10:8] == 3'd6 ? 3'd0 : 3'd7;
  assign term_3 = word_b[11] & (word_b[10:8] == 3'd0) ? choice : {chosen_3, word_b[11] &
      chosen_3[2]};
  assign first_4 = word_b[14:12] == 3'd0 ? 3'd0 : word_b[14:12] == 3'd1 ? 3'd4 : word_b[14:12] ==
      3'd2 ? 3'd5 : word_b[14:12] == 3'd3 ? 3'd4 : word_b[14:12] == 3'd4 ? 3'd6 : word_b[14:12] ==
      3'd5 ? 3'd5 : word_b[14:12] == 3'd6 ? 3'd7 : 3'd6;
  assign second_4 = word_b[14:12] == 3'd0 ? 3'd0 : word_b[14:12] == 3'd1 ? 3'd0 : word_b[14:12] ==
      3'd2 ? 3'd0 : word_b[14:12] == 3'd3 ? 3'd5 : word_b[14:12] == 3'd4 ? 3'd0 : word_b[14:12] ==
      3'd5 ? 3'd6 : word_b[14:12] == 3'd6 ? 3'd0 : 3'd7;
  assign term_4 = word_b[15] & (word_b[14:12] == 3'd0) ? choice : {chosen_4, word_b[15] &
      chosen_4[2]};
  assign first_5 = word_b[18:16] == 3'd0 ? 3'd0 : word_b[18:16] == 3'd1 ? 3'd4 : word_b[18:16] ==
      3'd2 ? 3'd5 : word_b[18:16] == 3'd3 ? 3'd4 : word_b[18:16] == 3'd4 ? 3'd6 : word_b[18:16] ==
      3'd5 ? 3'd5 : word_b[18:16] == 3'd6 ? 3'd7 : 3'd6;
  assign second_5 = word_b[18:16] == 3'd0 ? 3'd0 : word_b[18:16] == 3'd1 ? 3'd0 : word_b[18:16] ==
      3'd2 ? 3'd0 : word_b[18:16] == 3'd3 ? 3'd5 : word_b[18:16] == 3'd4 ? 3'd0 : word_b[18:16] ==
      3'd5 ? 3'd6 : word_b[18:16] == 3'd6 ? 3'd0 : 3'd7;
  assign term_5 = word_b[19] & (word_b[18:16] == 3'd0) ? choice_2 : {chosen_5, word_b[19] &
      chosen_5[2]};
  assign weight_1[3:0] = term_5;
  assign weight_1[7:4] = term_6;
  assign weight_1[11:8] = term_7;
  assign weight_1[15:12] = term_8;
  assign weight_1[18:16] = 3'd1;
  assign weight_1[19] = shifted_4[0] & (sum < 6'd8);
  assign first_6 = word_b[22:20] == 3'd0 ? 3'd0 : word_b[22:20] == 3'd1 ? 3'd4 : word_b[22:20] ==
      3'd2 ? 3'd5 : word_b[22:20] == 3'd3 ? 3'd4 : word_b[22:20] == 3'd4 ? 3'd6 : word_b[22:20] ==
      3'd5 ? 3'd5 : word_b[22:20] == 3'd6 ? 3'd7 : 3'd6;
  assign second_6 = word_b[22:20] == 3'd0 ? 3'd0 : word_b[22:20] == 3'd1 ? 3'd0 : word_b[22:20] ==
      3'd2 ? 3'd0 : word_b[22:20] == 3'd3 ? 3'd5 : word_b[22:20] == 3'd4 ? 3'd0 : word_b[22:20] ==
      3'd5 ? 3'd6 : word_b[22:20] == 3'd6 ? 3'd0 : 3'd7;
  assign term_6 = word_b[23] & (word_b[22:20] == 3'd0) ? choice_2 : {chosen_6, word_b[23] &
      chosen_6[2]};
  assign first_7 = word_b[26:24] == 3'd0 ? 3'd0 : word_b[26:24] == 3'd1 ? 3'd4 : word_b[26:24] ==
      3'd2 ? 3'd5 : word_b[26:24] == 3'd3 ? 3'd4 : word_b[26:24] == 3'd4 ? 3'd6 : word_b[26:24] ==
      3'd5 ? 3'd5 : word_b[26:24] == 3'd6 ? 3'd7 : 3'd6;
  assign second_7 = word_b[26:24] == 3'd0 ? 3'd0 : word_b[26:24] == 3'd1 ? 3'd0 : word_b[26:24] ==
      3'd2 ? 3'd0 : word_b[26:24] == 3'd3 ? 3'd5 : word_b[26:24] == 3'd4 ? 3'd0 : word_b[26:24] ==
      3'd5 ? 3'd6 : word_b[26:24] == 3'd6 ? 3'd0 : 3'd7;
  assign term_7 = word_b[27] & (word_b[26:24] == 3'd0) ? choice_2 : {chosen_7, word_b[27] &
      chosen_7[2]};
  assign first_8 = word_b[30:28] == 3'd0 ? 3'd0 : word_b[30:28] == 3'd1 ? 3'd4 : word_b[30:28] ==
      3'd2 ? 3'd5 : word_b[30:28] == 3'd3 ? 3'd4 : word_b[30:28] == 3'd4 ? 3'd6 : word_b[30:28] ==
      3'd5 ? 3'd5 : word_b[30:28] == 3'd6 ? 3'd7 : 3'd6;
  assign second_8 = word_b[30:28] == 3'd0 ? 3'd0 : word_b[30:28] == 3'd1 ? 3'd0 : word_b[30:28] ==
      3'd2 ? 3'd0 : word_b[30:28] == 3'd3 ? 3'd5 : word_b[30:28] == 3'd4 ? 3'd0 : word_b[30:28] ==
      3'd5 ? 3'd6 : word_b[30:28] == 3'd6 ? 3'd0 : 3'd7;
  assign term_8 = word_b[31] & (word_b[30:28] == 3'd0) ? choice_2 : {chosen_8, word_b[31] &
      chosen_8[2]};
  assign first_9 = word_b[34:32] == 3'd0 ? 3'd0 : word_b[34:32] == 3'd1 ? 3'd4 : word_b[34:32] ==
      3'd2 ? 3'd5 : word_b[34:32] == 3'd3 ? 3'd4 : word_b[34:32] == 3'd4 ? 3'd6 : word_b[34:32] ==
      3'd5 ? 3'd5 : word_b[34:32] == 3'd6 ? 3'd7 : 3'd6;
  assign second_9 = word_b[34:32] == 3'd0 ? 3'd0 : word_b[34:32] == 3'd1 ? 3'd0 : word_b[34:32] ==
      3'd2 ? 3'd0 : word_b[34:32] == 3'd3 ? 3'd5 : word_b[34:32] == 3'd4 ? 3'd0 : word_b[34:32] ==
      3'd5 ? 3'd6 : word_b[34:32] == 3'd6 ? 3'd0 : 3'd7;
  assign term_9 = word_b[35] & (word_b[34:32] == 3'd0) ? choice_3 : {chosen_9, word_b[35] &
      chosen_9[2]};
  assign weight_2[3:0] = term_9;
  assign weight_2[7:4] = term_10;
  assign weight_2[11:8] = term_11;
  assign weight_2[15:12] = term_12;
  assign weight_2[18:16] = 3'd1;
  assign weight_2[19] = shifted_6[0] & (sum < 6'd8);
  assign first_10 = word_b[38:36] == 3'd0 ? 3'd0 : word_b[38:36] == 3'd1 ? 3'd4 : word_b[38:36] ==
      3'd2 ? 3'd5 : word_b[38:36] == 3'd3 ? 3'd4 : word_b[38:36] == 3'd4 ? 3'd6 : word_b[38:36] ==
      3'd5 ? 3'd5 : word_b[38:36] == 3'd6 ? 3'd7 : 3'd6;
  assign second_10 = word_b[38:36] == 3'd0 ? 3'd0 : word_b[38:36] == 3'd1 ? 3'd0 : word_b[38:36] ==
      3'd2 ? 3'd0 : word_b[38:36] == 3'd3 ? 3'd5 : word_b[38:36] == 3'd4 ? 3'd0 : word_b[38:36] ==
      3'd5 ? 3'd6 : word_b[38:36] == 3'd6 ? 3'd0 : 3'd7;
  assign term_10 = word_b[39] & (word_b[38:36] == 3'd0) ? choice_3 : {chosen_10, word_b[39] &
      chosen_10[2]};
  assign first_11 = word_b[42:40] == 3'd0 ? 3'd0 : word_b[42:40] == 3'd1 ? 3'd4 : word_b[42:40] ==
      3'd2 ? 3'd5 : word_b[42:40] == 3'd3 ? 3'd4 : word_b[42:40] == 3'd4 ? 3'd6 : word_b[42:40] ==
      3'd5 ? 3'd5 : word_b[42:40] == 3'd6 ? 3'd7 : 3'd6;
  assign second_11 = word_b[42:40] == 3'd0 ? 3'd0 : word_b[42:40] == 3'd1 ? 3'd0 : word_b[42:40] ==
      3'd2 ? 3'd0 : word_b[42:40] == 3'd3 ? 3'd5 : word_b[42:40] == 3'd4 ? 3'd0 : word_b[42:40] ==
      3'd5 ? 3'd6 : word_b[42:40] == 3'd6 ? 3'd0 : 3'd7;
  assign term_11 = word_b[43] & (word_b[42:40] == 3'd0) ? choice_3 : {chosen_11, word_b[43] &
      chosen_11[2]};
  assign first_12 = word_b[46:44] == 3'd0 ? 3'd0 : word_b[46:44] == 3'd1 ? 3'd4 : word_b[46:44] ==
      3'd2 ? 3'd5 : word_b[46:44] == 3'd3 ? 3'd4 : word_b[46:44] == 3'd4 ? 3'd6 : word_b[46:44] ==
      3'd5 ? 3'd5 : word_b[46:44] == 3'd6 ? 3'd7 : 3'd6;
  assign second_12 = word_b[46:44] == 3'd0 ? 3'd0 : word_b[46:44] == 3'd1 ? 3'd0 : word_b[46:44] ==
      3'd2 ? 3'd0 : word_b[46:44] == 3'd3 ? 3'd5 : word_b[46:44] == 3'd4 ? 3'd0 : word_b[46:44] ==
      3'd5 ? 3'd6 : word_b[46:44] == 3'd6 ? 3'd0 : 3'd7;
  assign term_12 = word_b[47] & (word_b[46:44] == 3'd0) ? choice_3 : {chosen_12, word_b[47] &
      chosen_12[2]};
  assign first_13 = word_b[50:48] == 3'd0 ? 3'd0 : word_b[50:48] == 3'd1 ? 3'd4 : word_b[50:48] ==
      3'd2 ? 3'd5 : word_b[50:48] == 3'd3 ? 3'd4 : word_b[50:48] == 3'd4 ? 3'd6 : word_b[50:48] ==
      3'd5 ? 3'd5 : word_b[50:48] == 3'd6 ? 3'd7 : 3'd6;
  assign second_13 = word_b[50:48] == 3'd0 ? 3'd0 : word_b[50:48] == 3'd1 ? 3'd0 : word_b[50:48] ==
      3'd2 ? 3'd0 : word_b[50:48] == 3'd3 ? 3'd5 : word_b[50:48] == 3'd4 ? 3'd0 : word_b[50:48] ==
      3'd5 ? 3'd6 : word_b[50:48] == 3'd6 ? 3'd0 : 3'd7;
  assign term_13 = word_b[51] & (word_b[50:48] == 3'd0) ? choice_4 : {chosen_13, word_b[51] &
      chosen_13[2]};
  assign weight_3[3:0] = term_13;
  assign weight_3[7:4] = term_14;
  assign weight_3[11:8] = term_15;
  assign weight_3[15:12] = term_16;
  assign weight_3[18:16] = 3'd1;
  assign weight_3[19] = shifted_8[0] & (sum < 6'd8);
  assign first_14 = word_b[54:52] == 3'd0 ? 3'd0 : word_b[54:52] == 3'd1 ? 3'd4 : word_b[54:52] ==
      3'd2 ? 3'd5 : word_b[54:52] == 3'd3 ? 3'd4 : word_b[54:52] == 3'd4 ? 3'd6 : word_b[54:52] ==
      3'd5 ? 3'd5 : word_b[54:52] == 3'd6 ? 3'd7 : 3'd6;
  assign second_14 = word_b[54:52] == 3'd0 ? 3'd0 : word_b[54:52] == 3'd1 ? 3'd0 : word_b[54:52] ==
      3'd2 ? 3'd0 : word_b[54:52] == 3'd3 ? 3'd5 : word_b[54:52] == 3'd4 ? 3'd0 : word_b[54:52] ==
      3'd5 ? 3'd6 : word_b[54:52] == 3'd6 ? 3'd0 : 3'd7;
  assign term_14 = word_b[55] & (word_b[54:52] == 3'd0) ? choice_4 : {chosen_14, word_b[55] &
      chosen_14[2]};
  assign first_15 = word_b[58:56] == 3'd0 ? 3'd0 : word_b[58:56] == 3'd1 ? 3'd4 : word_b[58:56] ==
      3'd2 ? 3'd5 : word_b[58:56] == 3'd3 ? 3'd4 : word_b[58:56] == 3'd4 ? 3'd6 : word_b[58:56] ==
      3'd5 ? 3'd5 : word_b[58:56] == 3'd6 ? 3'd7 : 3'd6;
  assign second_15 = word_b[58:56] == 3'd0 ? 3'd0 : word_b[58:56] == 3'd1 ? 3'd0 : word_b[58:56] ==
      3'd2 ? 3'd0 : word_b[58:56] == 3'd3 ? 3'd5 : word_b[58:56] == 3'd4 ? 3'd0 : word_b[58:56] ==
      3'd5 ? 3'd6 : word_b[58:56] == 3'd6 ? 3'd0 : 3'd7;
  assign term_15 = word_b[59] & (word_b[58:56] == 3'd0) ? choice_4 : {chosen_15, word_b[59] &
      chosen_15[2]};
  assign first_16 = word_b[62:60] == 3'd0 ? 3'd0 : word_b[62:60] == 3'd1 ? 3'd4 : word_b[62:60] ==
      3'd2 ? 3'd5 : word_b[62:60] == 3'd3 ? 3'd4 : word_b[62:60] == 3'd4 ? 3'd6 : word_b[62:60] ==
      3'd5 ? 3'd5 : word_b[62:60] == 3'd6 ? 3'd7 : 3'd6;
  assign second_16 = word_b[62:60] == 3'd0 ? 3'd0 : word_b[62:60] == 3'd1 ? 3'd0 : word_b[62:60] ==
      3'd2 ? 3'd0 : word_b[62:60] == 3'd3 ? 3'd5 : word_b[62:60] == 3'd4 ? 3'd0 : word_b[62:60] ==
      3'd5 ? 3'd6 : word_b[62:60] == 3'd6 ? 3'd0 : 3'd7;
  assign term_16 = word_b[63] & (word_b[62:60] == 3'd0) ? choice_4 : {chosen_16, word_b[63] &
      chosen_16[2]};
  assign special_0 = shifted[7:0];
  assign special_1 = shifted_3[7:0];
  assign special_2 = shifted_5[7:0];
  assign special_3 = shifted_7[7:0];

  always @(posedge clk) begin
    if (rst) begin
      known <= 1'b0;
      at_2 <= 1'b0;
      held <= 1'b0;
      step <= 1'b0;
      word_a <= 257'd0;
      word_b <= 64'd0;
      left <= 5'd0;
      at <= 5'd0;
      starts <= 1'b1;
      row <= 2'd0;
      column <= 2'd0;
      head_0 <= 10'd0;
      head_1 <= 10'd0;
      head_2 <= 10'd0;
      head_3 <= 10'd0;
      activations_valid <= 1'b0;
      activations_payload <= 257'd0;
      weights_payload <= 80'd0;
    end else begin
      if (takes) begin
        known <= ~at_2;
        at_2 <= at_2 + 1'b1;
      end
      if (load & starts) begin
        known <= 1'b0;
        at_2 <= 1'b0;
        head_0 <= pending_0[9:0];
        head_1 <= pending_1[9:0];
        head_2 <= pending_2[9:0];
        head_3 <= pending_3[9:0];
      end
      if (load) begin
        held <= 1'b1;
        step <= 1'b0;
        word_a <= a_payload;
        word_b <= b_payload;
        left <= tiles_payload_k - at;
        at <= at + 5'd1;
        if (last) begin
          at <= 5'd0;
          row <= row + 2'd1;
          if (row == tiles_payload_m) begin
            row <= 2'd0;
            column <= column + 2'd1;
            if (column == tiles_payload_n) column <= 2'd0;
          end
        end
        starts <= last;
      end else if (signal_2) begin
        held <= 1'b0;
      end else if (signal & held) begin
        step <= step + 1'b1;
      end
      if (signal) begin
        activations_valid <= held & signal;
        activations_payload[255:0] <= word_a_values;
        activations_payload[256] <= word_a_last & step;
        weights_payload <= {weight_3, weight_2, weight_1, weight_0};
      end
    end
  end

  always @(posedge clk) begin
    if (takes) begin
      pending_0 <= b_payload[15:0];
      pending_1 <= b_payload[31:16];
      pending_2 <= b_payload[47:32];
      pending_3 <= b_payload[63:48];
    end
  end
endmodule

module bitmod_core_to_array_b (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire i_valid,
  input  wire [63:0] i_payload,
  output reg  i_ready = 1'b1,
  output reg  o_valid = 1'b0,
  output reg  [63:0] o_payload = 64'd0
);
  reg  [63:0] spare = 64'd0;

  always @(posedge clk) begin
    if (rst) begin
      i_ready <= 1'b1;
      o_valid <= 1'b0;
      o_payload <= 64'd0;
    end else if (o_ready | ~o_valid) begin
      i_ready <= 1'b1;
      o_valid <= i_valid | ~i_ready;
      if (i_ready) begin
        o_payload <= i_payload;
      end else begin
        o_payload <= spare;
      end
    end else if (i_valid & i_ready) begin
      i_ready <= 1'b0;
    end
  end

  always @(posedge clk) begin
    if (~(o_ready | ~o_valid) & (i_valid & i_ready)) spare <= i_payload;
  end
endmodule

module bitmod_core_to_array_a (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire i_payload_last,
  input  wire i_valid,
  input  wire [255:0] i_payload_values,
  output reg  i_ready = 1'b1,
  output reg  o_valid = 1'b0,
  output reg  [256:0] o_payload = 257'd0
);
  reg  [256:0] spare = 257'd0;

  always @(posedge clk) begin
    if (rst) begin
      i_ready <= 1'b1;
      o_valid <= 1'b0;
      o_payload <= 257'd0;
    end else if (o_ready | ~o_valid) begin
      i_ready <= 1'b1;
      o_valid <= i_valid | ~i_ready;
      if (i_ready) begin
        o_payload <= {i_payload_last, i_payload_values};
      end else begin
        o_payload <= spare;
      end
    end else if (i_valid & i_ready) begin
      i_ready <= 1'b0;
    end
  end

  always @(posedge clk) begin
    if (~(o_ready | ~o_valid) & (i_valid & i_ready)) spare <= {i_payload_last, i_payload_values};
  end
endmodule

// Two banks of words of B.
module bitmod_core_scratchpad_b (
  input  wire clk,
  input  wire rst,
  input  wire write,
  input  wire claimed,
  input  wire read_en,
  input  wire taken,
  input  wire [7:0] write_address,
  input  wire [7:0] read_address,
  input  wire [63:0] write_data,
  output reg  [63:0] data = 64'd0,
  output wire free,
  output wire full
);
  reg  [63:0] read_data = 64'd0;
  reg  [63:0] memory [0:511];

  wire banks_fills;
  wire banks_uses;

  always @(posedge clk) begin
    if (rst) begin
      data <= 64'd0;
    end else if (read_en) begin
      data <= read_data;
    end
  end

  integer memory_at;
  initial begin
    for (memory_at = 0; memory_at < 512; memory_at = memory_at + 1)
      memory[memory_at] = 64'd0;
  end

  always @(posedge clk) begin
    if (write) memory[{banks_fills, write_address}] <= write_data;
  end

  always @(posedge clk) begin
    if (read_en) read_data <= memory[{banks_uses, read_address}];
  end

  bitmod_core_scratchpad_banks banks (
    .clk(clk),
    .rst(rst),
    .claimed(claimed),
    .freed(taken),
    .free(free),
    .full(full),
    .fills(banks_fills),
    .uses(banks_uses)
  );
endmodule

// Words of B towards the array.
module bitmod_core_feed_b (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [15:0] tiles_payload,
  input  wire full,
  input  wire words_ready,
  output wire moves,
  output wire tiles_ready,
  output wire freed,
  output reg  words_payload_last = 1'b0,
  output reg  words_valid = 1'b0,
  output wire [7:0] read_address
);
  reg  valid = 1'b0;
  reg  last = 1'b0;

  wire [5:0] walk_inner;
  wire step;
  wire walk_inner_last;
  wire walk_last;

  wire [4:0] tiles_payload_k = tiles_payload[8:4];
  wire tiles_payload_last_b = tiles_payload[12];

  assign walk_inner = {1'b0, tiles_payload_k} + 6'd1;
  assign moves = words_ready | ~words_valid;
  assign step = moves & tiles_valid & full & ~1'b0;
  assign tiles_ready = step & walk_last;
  assign freed = step & walk_last & tiles_payload_last_b;

  always @(posedge clk) begin
    if (rst) begin
      words_payload_last <= 1'b0;
      valid <= 1'b0;
      last <= 1'b0;
      words_valid <= 1'b0;
    end else if (moves) begin
      words_payload_last <= last;
      valid <= step;
      last <= walk_inner_last;
      words_valid <= valid;
    end
  end

  bitmod_core_feed_b_walk walk (
    .clk(clk),
    .rst(rst),
    .inner(walk_inner),
    .step(step),
    .fields(tiles_payload[3:0]),
    .inner_last(walk_inner_last),
    .last(walk_last),
    .address(read_address)
  );
endmodule

module bitmod_core_feed_b_walk (
  input  wire clk,
  input  wire rst,
  input  wire [5:0] inner,
  input  wire step,
  input  wire [3:0] fields,
  output wire inner_last,
  output wire last,
  output reg  [7:0] address = 8'd0
);
  reg  [5:0] at_inner = 6'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;
  reg  [7:0] begin_ = 8'd0;

  wire middle_last;
  wire outer_last;
  wire [7:0] sum;

  wire [1:0] middle = fields[1:0];
  wire [1:0] outer = fields[3:2];

  assign inner_last = at_inner == inner;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;
  assign sum = address + 8'd1;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 6'd0;
      address <= 8'd0;
      at_middle <= 2'd0;
      at_outer <= 2'd0;
      begin_ <= 8'd0;
    end else if (step) begin
      at_inner <= at_inner + 6'd1;
      if (inner_last) begin
        at_inner <= 6'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= sum;
      if (inner_last) address <= begin_;
      if (middle_last) begin
        address <= sum;
        at_middle <= 2'd0;
        at_outer <= at_outer + 2'd1;
        begin_ <= sum;
      end
      if (last) begin
        address <= 8'd0;
        at_outer <= 2'd0;
        begin_ <= 8'd0;
      end
    end
  end
endmodule

// Words of B into their scratchpad.
module bitmod_core_load_b (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [15:0] tiles_payload,
  input  wire free,
  input  wire words_valid,
  output wire words_ready,
  output wire write,
  output wire filled,
  output wire [7:0] write_address
);
  wire [5:0] walk_inner;
  wire walk_last;

  wire [1:0] tiles_payload_n = tiles_payload[3:2];
  wire [4:0] tiles_payload_k = tiles_payload[8:4];

  assign walk_inner = {1'b0, tiles_payload_k} + 6'd1;
  assign words_ready = tiles_valid & free;
  assign write = words_valid & words_ready;
  assign filled = write & walk_last;

  bitmod_core_load_b_walk walk (
    .clk(clk),
    .rst(rst),
    .inner(walk_inner),
    .step(write),
    .middle(tiles_payload_n),
    .last(walk_last),
    .address(write_address)
  );
endmodule

module bitmod_core_load_b_walk (
  input  wire clk,
  input  wire rst,
  input  wire [5:0] inner,
  input  wire step,
  input  wire [1:0] middle,
  output wire last,
  output reg  [7:0] address = 8'd0
);
  reg  [5:0] at_inner = 6'd0;
  reg  [1:0] at_middle = 2'd0;

  wire inner_last;
  wire middle_last;
  wire outer_last;

  assign inner_last = at_inner == inner;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = ~1'b0;
  assign last = middle_last & outer_last;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 6'd0;
      address <= 8'd0;
      at_middle <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 6'd1;
      if (inner_last) begin
        at_inner <= 6'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 8'd1;
      if (last) address <= 8'd0;
      if (middle_last) at_middle <= 2'd0;
    end
  end
endmodule

// Two banks of words of A.
module bitmod_core_scratchpad_a (
  input  wire clk,
  input  wire rst,
  input  wire write,
  input  wire claimed,
  input  wire read_en,
  input  wire taken,
  input  wire [6:0] write_address,
  input  wire [6:0] read_address,
  input  wire [255:0] write_data,
  output reg  [255:0] data = 256'd0,
  output wire free,
  output wire full
);
  reg  [255:0] read_data = 256'd0;
  reg  [255:0] memory [0:255];

  wire banks_fills;
  wire banks_uses;

  always @(posedge clk) begin
    if (rst) begin
      data <= 256'd0;
    end else if (read_en) begin
      data <= read_data;
    end
  end

  integer memory_at;
  initial begin
    for (memory_at = 0; memory_at < 256; memory_at = memory_at + 1)
      memory[memory_at] = 256'd0;
  end

  always @(posedge clk) begin
    if (write) memory[{banks_fills, write_address}] <= write_data;
  end

  always @(posedge clk) begin
    if (read_en) read_data <= memory[{banks_uses, read_address}];
  end

  bitmod_core_scratchpad_banks banks (
    .clk(clk),
    .rst(rst),
    .claimed(claimed),
    .freed(taken),
    .free(free),
    .full(full),
    .fills(banks_fills),
    .uses(banks_uses)
  );
endmodule

module bitmod_core_scratchpad_banks (
  input  wire clk,
  input  wire rst,
  input  wire claimed,
  input  wire freed,
  output reg  free = 1'b1,
  output reg  full = 1'b0,
  output reg  fills = 1'b0,
  output reg  uses = 1'b0
);
  reg  [1:0] held = 2'd0;
  reg  [1:0] ready = 2'd0;

  wire [1:0] difference;
  wire [1:0] difference_2;

  assign difference = (held + {1'b0, claimed}) - {1'b0, freed};
  assign difference_2 = (ready + {1'b0, claimed}) - {1'b0, freed};

  always @(posedge clk) begin
    if (rst) begin
      held <= 2'd0;
      ready <= 2'd0;
      free <= 1'b1;
      full <= 1'b0;
      fills <= 1'b0;
      uses <= 1'b0;
    end else begin
      held <= difference;
      ready <= difference_2;
      free <= difference < 2'd2;
      full <= difference_2 > 2'd0;
      fills <= fills ^ claimed;
      uses <= uses ^ freed;
    end
  end
endmodule

// Words of A towards the array.
module bitmod_core_feed_a (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [15:0] tiles_payload,
  input  wire full,
  input  wire words_ready,
  input  wire may_begin,
  output wire moves,
  output wire begins,
  output wire tiles_ready,
  output wire freed,
  output reg  words_payload_last = 1'b0,
  output reg  words_valid = 1'b0,
  output wire [6:0] read_address
);
  reg  first = 1'b1;
  reg  valid = 1'b0;
  reg  last = 1'b0;

  wire claims;
  wire step;
  wire walk_inner_last;
  wire walk_last;

  wire tiles_payload_last_a = tiles_payload[11];
  wire tiles_payload_begins = tiles_payload[13];

  assign moves = words_ready | ~words_valid;
  assign claims = first & tiles_payload_begins;
  assign step = moves & tiles_valid & full & (may_begin | ~claims);
  assign begins = step & claims;
  assign tiles_ready = step & walk_last;
  assign freed = step & walk_last & tiles_payload_last_a;

  always @(posedge clk) begin
    if (rst) begin
      words_payload_last <= 1'b0;
      first <= 1'b1;
      valid <= 1'b0;
      last <= 1'b0;
      words_valid <= 1'b0;
    end else begin
      if (moves) begin
        words_payload_last <= last;
        valid <= step;
        last <= walk_inner_last;
        words_valid <= valid;
      end
      if (step) first <= walk_last;
    end
  end

  bitmod_core_feed_a_walk walk (
    .clk(clk),
    .rst(rst),
    .step(step),
    .fields(tiles_payload[8:0]),
    .inner_last(walk_inner_last),
    .last(walk_last),
    .address(read_address)
  );
endmodule

module bitmod_core_feed_a_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [8:0] fields,
  output wire inner_last,
  output wire last,
  output reg  [6:0] address = 7'd0
);
  reg  [4:0] at_inner = 5'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;

  wire middle_last;
  wire outer_last;

  wire [1:0] middle = fields[1:0];
  wire [1:0] outer = fields[3:2];
  wire [4:0] inner = fields[8:4];

  assign inner_last = at_inner == inner;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 5'd0;
      address <= 7'd0;
      at_middle <= 2'd0;
      at_outer <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 5'd1;
      if (inner_last) begin
        at_inner <= 5'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 7'd1;
      if (middle_last) begin
        address <= 7'd0;
        at_middle <= 2'd0;
        at_outer <= at_outer + 2'd1;
      end
      if (last) begin
        address <= 7'd0;
        at_outer <= 2'd0;
      end
    end
  end
endmodule

// Words of A into their scratchpad.
module bitmod_core_load_a (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [15:0] tiles_payload,
  input  wire free,
  input  wire words_valid,
  output wire words_ready,
  output wire write,
  output wire filled,
  output wire [6:0] write_address
);
  wire walk_last;

  wire [1:0] tiles_payload_m = tiles_payload[1:0];
  wire [4:0] tiles_payload_k = tiles_payload[8:4];

  assign words_ready = tiles_valid & free;
  assign write = words_valid & words_ready;
  assign filled = write & walk_last;

  bitmod_core_load_a_walk walk (
    .clk(clk),
    .rst(rst),
    .step(write),
    .middle(tiles_payload_m),
    .inner(tiles_payload_k),
    .last(walk_last),
    .address(write_address)
  );
endmodule

module bitmod_core_load_a_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [1:0] middle,
  input  wire [4:0] inner,
  output wire last,
  output reg  [6:0] address = 7'd0
);
  reg  [4:0] at_inner = 5'd0;
  reg  [1:0] at_middle = 2'd0;

  wire inner_last;
  wire middle_last;
  wire outer_last;

  assign inner_last = at_inner == inner;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = ~1'b0;
  assign last = middle_last & outer_last;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 5'd0;
      address <= 7'd0;
      at_middle <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 5'd1;
      if (inner_last) begin
        at_inner <= 5'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 7'd1;
      if (last) address <= 7'd0;
      if (middle_last) at_middle <= 2'd0;
    end
  end
endmodule

// The PEs, and the registers that bring rows and columns into step.
module bitmod_core_array (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire weights_valid,
  input  wire [256:0] activations_payload,
  input  wire [79:0] weights_payload,
  output wire activations_ready,
  output wire weights_ready,
  output wire results_valid,
  output wire [116:0] results_payload
);
  reg  [1:0] busy = 2'd0;
  reg  delay_9 = 1'b0;
  reg  delay_10 = 1'b0;
  reg  delay_11 = 1'b0;
  reg  delay_12 = 1'b0;
  reg  delay_13 = 1'b0;
  reg  delay_14 = 1'b0;
  reg  delay_15 = 1'b0;
  reg  delay_16 = 1'b0;
  reg  delay_17 = 1'b0;
  reg  delay_18 = 1'b0;
  reg  delay_19 = 1'b0;
  reg  delay_20 = 1'b0;
  reg  delay_21 = 1'b0;
  reg  delay_22 = 1'b0;
  reg  delay_23 = 1'b0;
  reg  delay_24 = 1'b0;
  reg  delay = 1'b0;
  reg  delay_2 = 1'b0;
  reg  delay_3 = 1'b0;
  reg  delay_4 = 1'b0;
  reg  [19:0] weight = 20'd0;
  reg  [19:0] delay_25 = 20'd0;
  reg  [19:0] weight_2 = 20'd0;
  reg  [19:0] delay_26 = 20'd0;
  reg  [19:0] delay_27 = 20'd0;
  reg  [19:0] weight_3 = 20'd0;
  reg  [63:0] activation = 64'd0;
  reg  last = 1'b0;
  reg  [63:0] delay_28 = 64'd0;
  reg  [63:0] activation_2 = 64'd0;
  reg  delay_29 = 1'b0;
  reg  last_2 = 1'b0;
  reg  [63:0] delay_30 = 64'd0;
  reg  [63:0] delay_31 = 64'd0;
  reg  [63:0] activation_3 = 64'd0;
  reg  delay_32 = 1'b0;
  reg  delay_33 = 1'b0;
  reg  last_3 = 1'b0;
  reg  [28:0] delay_34 = 29'd0;
  reg  [28:0] delay_35 = 29'd0;
  reg  [28:0] delay_6 = 29'd0;
  reg  [28:0] delay_36 = 29'd0;
  reg  [28:0] delay_7 = 29'd0;
  reg  [28:0] delay_8 = 29'd0;
  reg  delay_37 = 1'b0;
  reg  delay_38 = 1'b0;
  reg  delay_39 = 1'b0;
  reg  delay_40 = 1'b0;
  reg  delay_41 = 1'b0;
  reg  delay_42 = 1'b0;
  reg  delay_43 = 1'b0;
  reg  delay_44 = 1'b0;
  reg  delay_45 = 1'b0;
  reg  delay_46 = 1'b0;
  reg  delay_47 = 1'b0;
  reg  delay_48 = 1'b0;
  reg  delay_49 = 1'b0;
  reg  delay_50 = 1'b0;
  reg  delay_51 = 1'b0;
  reg  delay_52 = 1'b0;
  reg  delay_53 = 1'b0;
  reg  delay_54 = 1'b0;
  reg  delay_55 = 1'b0;
  reg  delay_5 = 1'b0;
  reg  [2:0] left = 3'd0;

  wire may;
  wire taken;
  wire ends;
  wire shift_1;
  wire shift_2;
  wire pe_3_0_shift;
  wire [63:0] pe_0_0_activation;
  wire [19:0] pe_0_0_weight;
  wire buffer_i_valid;
  wire [116:0] buffer_i_payload;
  wire buffer_i_ready;
  wire [63:0] pe_0_0_activation_out;
  wire pe_0_0_last_out;
  wire pe_0_0_shift_out;
  wire [19:0] pe_0_0_weight_out;
  wire [28:0] pe_0_0_below;
  wire [63:0] pe_0_1_activation_out;
  wire pe_0_1_last_out;
  wire pe_0_1_shift_out;
  wire [19:0] pe_0_1_weight_out;
  wire [28:0] pe_0_1_below;
  wire [63:0] pe_0_2_activation_out;
  wire pe_0_2_last_out;
  wire pe_0_2_shift_out;
  wire [19:0] pe_0_2_weight_out;
  wire [28:0] pe_0_2_below;
  wire [19:0] pe_0_3_weight_out;
  wire [28:0] pe_0_3_below;
  wire [63:0] pe_1_0_activation_out;
  wire pe_1_0_last_out;
  wire pe_1_0_shift_out;
  wire [19:0] pe_1_0_weight_out;
  wire [28:0] pe_1_0_below;
  wire [63:0] pe_1_1_activation_out;
  wire pe_1_1_last_out;
  wire pe_1_1_shift_out;
  wire [19:0] pe_1_1_weight_out;
  wire [28:0] pe_1_1_below;
  wire [63:0] pe_1_2_activation_out;
  wire pe_1_2_last_out;
  wire pe_1_2_shift_out;
  wire [19:0] pe_1_2_weight_out;
  wire [28:0] pe_1_2_below;
  wire [19:0] pe_1_3_weight_out;
  wire [28:0] pe_1_3_below;
  wire [63:0] pe_2_0_activation_out;
  wire pe_2_0_last_out;
  wire pe_2_0_shift_out;
  wire [19:0] pe_2_0_weight_out;
  wire [28:0] pe_2_0_below;
  wire [63:0] pe_2_1_activation_out;
  wire pe_2_1_last_out;
  wire pe_2_1_shift_out;
  wire [19:0] pe_2_1_weight_out;
  wire [28:0] pe_2_1_below;
  wire [63:0] pe_2_2_activation_out;
  wire pe_2_2_last_out;
  wire pe_2_2_shift_out;
  wire [19:0] pe_2_2_weight_out;
  wire [28:0] pe_2_2_below;
  wire [19:0] pe_2_3_weight_out;
  wire [28:0] pe_2_3_below;
  wire [63:0] pe_3_0_activation_out;
  wire pe_3_0_last_out;
  wire pe_3_0_shift_out;
  wire [28:0] pe_3_0_below;
  wire [63:0] pe_3_1_activation_out;
  wire pe_3_1_last_out;
  wire pe_3_1_shift_out;
  wire [28:0] pe_3_1_below;
  wire [63:0] pe_3_2_activation_out;
  wire pe_3_2_last_out;
  wire pe_3_2_shift_out;
  wire [28:0] pe_3_2_below;
  wire [28:0] pe_3_3_below;

  wire [63:0] activations_payload_values_0 = activations_payload[63:0];
  wire [63:0] activations_payload_values_1 = activations_payload[127:64];
  wire [63:0] activations_payload_values_2 = activations_payload[191:128];
  wire [63:0] activations_payload_values_3 = activations_payload[255:192];
  wire activations_payload_last = activations_payload[256];
  wire [19:0] weights_payload_0 = weights_payload[19:0];
  wire [19:0] weights_payload_1 = weights_payload[39:20];
  wire [19:0] weights_payload_2 = weights_payload[59:40];
  wire [19:0] weights_payload_3 = weights_payload[79:60];

  assign may = ~activations_payload_last | (busy == 2'd0);
  assign activations_ready = buffer_i_ready & may & weights_valid;
  assign weights_ready = buffer_i_ready & may & weights_valid;
  assign taken = may & weights_valid & weights_valid;
  assign ends = taken & activations_payload_last;
  assign shift_1 = delay | delay_2;
  assign shift_2 = delay | delay_3;
  assign pe_3_0_shift = delay | delay_4;
  assign pe_0_0_activation = taken ? activations_payload_values_3 : 64'd0;
  assign pe_0_0_weight = taken ? weights_payload_0 : 20'd0;
  assign buffer_i_valid = delay_5 | (left != 3'd0);
  assign buffer_i_payload[115:0] = {pe_3_3_below, delay_8, delay_7, delay_6};
  assign buffer_i_payload[116] = left == 3'd1;

  always @(posedge clk) begin
    if (rst) begin
      busy <= 2'd0;
      delay_9 <= 1'b0;
      delay_10 <= 1'b0;
      delay_11 <= 1'b0;
      delay_12 <= 1'b0;
      delay_13 <= 1'b0;
      delay_14 <= 1'b0;
      delay_15 <= 1'b0;
      delay_16 <= 1'b0;
      delay_17 <= 1'b0;
      delay_18 <= 1'b0;
      delay_19 <= 1'b0;
      delay_20 <= 1'b0;
      delay_21 <= 1'b0;
      delay_22 <= 1'b0;
      delay_23 <= 1'b0;
      delay_24 <= 1'b0;
      delay <= 1'b0;
      delay_2 <= 1'b0;
      delay_3 <= 1'b0;
      delay_4 <= 1'b0;
      weight <= 20'd0;
      delay_25 <= 20'd0;
      weight_2 <= 20'd0;
      delay_26 <= 20'd0;
      delay_27 <= 20'd0;
      weight_3 <= 20'd0;
      activation <= 64'd0;
      last <= 1'b0;
      delay_28 <= 64'd0;
      activation_2 <= 64'd0;
      delay_29 <= 1'b0;
      last_2 <= 1'b0;
      delay_30 <= 64'd0;
      delay_31 <= 64'd0;
      activation_3 <= 64'd0;
      delay_32 <= 1'b0;
      delay_33 <= 1'b0;
      last_3 <= 1'b0;
      delay_34 <= 29'd0;
      delay_35 <= 29'd0;
      delay_6 <= 29'd0;
      delay_36 <= 29'd0;
      delay_7 <= 29'd0;
      delay_8 <= 29'd0;
      delay_37 <= 1'b0;
      delay_38 <= 1'b0;
      delay_39 <= 1'b0;
      delay_40 <= 1'b0;
      delay_41 <= 1'b0;
      delay_42 <= 1'b0;
      delay_43 <= 1'b0;
      delay_44 <= 1'b0;
      delay_45 <= 1'b0;
      delay_46 <= 1'b0;
      delay_47 <= 1'b0;
      delay_48 <= 1'b0;
      delay_49 <= 1'b0;
      delay_50 <= 1'b0;
      delay_51 <= 1'b0;
      delay_52 <= 1'b0;
      delay_53 <= 1'b0;
      delay_54 <= 1'b0;
      delay_55 <= 1'b0;
      delay_5 <= 1'b0;
      left <= 3'd0;
    end else if (buffer_i_ready) begin
      if (ends) begin
        busy <= 2'd3;
      end else if (~(busy == 2'd0)) begin
        busy <= busy - 2'd1;
      end
      delay_9 <= ends;
      delay_10 <= delay_9;
      delay_11 <= delay_10;
      delay_12 <= delay_11;
      delay_13 <= delay_12;
      delay_14 <= delay_13;
      delay_15 <= delay_14;
      delay_16 <= delay_15;
      delay_17 <= delay_16;
      delay_18 <= delay_17;
      delay_19 <= delay_18;
      delay_20 <= delay_19;
      delay_21 <= delay_20;
      delay_22 <= delay_21;
      delay_23 <= delay_22;
      delay_24 <= delay_23;
      delay <= delay_24;
      delay_2 <= 1'b0;
      delay_3 <= shift_1;
      delay_4 <= shift_2;
      weight <= taken ? weights_payload_1 : 20'd0;
      delay_25 <= taken ? weights_payload_2 : 20'd0;
      weight_2 <= delay_25;
      delay_26 <= taken ? weights_payload_3 : 20'd0;
      delay_27 <= delay_26;
      weight_3 <= delay_27;
      activation <= taken ? activations_payload_values_2 : 64'd0;
      last <= ends;
      delay_28 <= taken ? activations_payload_values_1 : 64'd0;
      activation_2 <= delay_28;
      delay_29 <= ends;
      last_2 <= delay_29;
      delay_30 <= taken ? activations_payload_values_0 : 64'd0;
      delay_31 <= delay_30;
      activation_3 <= delay_31;
      delay_32 <= ends;
      delay_33 <= delay_32;
      last_3 <= delay_33;
      delay_34 <= pe_3_0_below;
      delay_35 <= delay_34;
      delay_6 <= delay_35;
      delay_36 <= pe_3_1_below;
      delay_7 <= delay_36;
      delay_8 <= pe_3_2_below;
      delay_37 <= ends;
      delay_38 <= delay_37;
      delay_39 <= delay_38;
      delay_40 <= delay_39;
      delay_41 <= delay_40;
      delay_42 <= delay_41;
      delay_43 <= delay_42;
      delay_44 <= delay_43;
      delay_45 <= delay_44;
      delay_46 <= delay_45;
      delay_47 <= delay_46;
      delay_48 <= delay_47;
      delay_49 <= delay_48;
      delay_50 <= delay_49;
      delay_51 <= delay_50;
      delay_52 <= delay_51;
      delay_53 <= delay_52;
      delay_54 <= delay_53;
      delay_55 <= delay_54;
      delay_5 <= delay_55;
      if (delay_5) begin
        left <= 3'd3;
      end else if (left != 3'd0) begin
        left <= left - 3'd1;
      end
    end
  end

  bitmod_core_array_buffer buffer (
    .clk(clk),
    .rst(rst),
    .i_valid(buffer_i_valid),
    .o_ready(o_ready),
    .i_payload(buffer_i_payload),
    .i_ready(buffer_i_ready),
    .o_valid(results_valid),
    .o_payload(results_payload)
  );
  bitmod_pe pe_0_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_0_activation),
    .last(ends),
    .weight(pe_0_0_weight),
    .shift(1'b0),
    .above(29'd0),
    .activation_out(pe_0_0_activation_out),
    .last_out(pe_0_0_last_out),
    .shift_out(pe_0_0_shift_out),
    .weight_out(pe_0_0_weight_out),
    .below(pe_0_0_below)
  );
  bitmod_pe pe_0_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_0_activation_out),
    .last(pe_0_0_last_out),
    .weight(weight),
    .shift(pe_0_0_shift_out),
    .above(29'd0),
    .activation_out(pe_0_1_activation_out),
    .last_out(pe_0_1_last_out),
    .shift_out(pe_0_1_shift_out),
    .weight_out(pe_0_1_weight_out),
    .below(pe_0_1_below)
  );
  bitmod_pe pe_0_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_1_activation_out),
    .last(pe_0_1_last_out),
    .weight(weight_2),
    .shift(pe_0_1_shift_out),
    .above(29'd0),
    .activation_out(pe_0_2_activation_out),
    .last_out(pe_0_2_last_out),
    .shift_out(pe_0_2_shift_out),
    .weight_out(pe_0_2_weight_out),
    .below(pe_0_2_below)
  );
  bitmod_pe pe_0_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_2_activation_out),
    .last(pe_0_2_last_out),
    .weight(weight_3),
    .shift(pe_0_2_shift_out),
    .above(29'd0),
    .activation_out(),
    .last_out(),
    .shift_out(),
    .weight_out(pe_0_3_weight_out),
    .below(pe_0_3_below)
  );
  bitmod_pe pe_1_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation),
    .last(last),
    .weight(pe_0_0_weight_out),
    .shift(shift_1),
    .above(pe_0_0_below),
    .activation_out(pe_1_0_activation_out),
    .last_out(pe_1_0_last_out),
    .shift_out(pe_1_0_shift_out),
    .weight_out(pe_1_0_weight_out),
    .below(pe_1_0_below)
  );
  bitmod_pe pe_1_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_0_activation_out),
    .last(pe_1_0_last_out),
    .weight(pe_0_1_weight_out),
    .shift(pe_1_0_shift_out),
    .above(pe_0_1_below),
    .activation_out(pe_1_1_activation_out),
    .last_out(pe_1_1_last_out),
    .shift_out(pe_1_1_shift_out),
    .weight_out(pe_1_1_weight_out),
    .below(pe_1_1_below)
  );
  bitmod_pe pe_1_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_1_activation_out),
    .last(pe_1_1_last_out),
    .weight(pe_0_2_weight_out),
    .shift(pe_1_1_shift_out),
    .above(pe_0_2_below),
    .activation_out(pe_1_2_activation_out),
    .last_out(pe_1_2_last_out),
    .shift_out(pe_1_2_shift_out),
    .weight_out(pe_1_2_weight_out),
    .below(pe_1_2_below)
  );
  bitmod_pe pe_1_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_2_activation_out),
    .last(pe_1_2_last_out),
    .weight(pe_0_3_weight_out),
    .shift(pe_1_2_shift_out),
    .above(pe_0_3_below),
    .activation_out(),
    .last_out(),
    .shift_out(),
    .weight_out(pe_1_3_weight_out),
    .below(pe_1_3_below)
  );
  bitmod_pe pe_2_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_2),
    .last(last_2),
    .weight(pe_1_0_weight_out),
    .shift(shift_2),
    .above(pe_1_0_below),
    .activation_out(pe_2_0_activation_out),
    .last_out(pe_2_0_last_out),
    .shift_out(pe_2_0_shift_out),
    .weight_out(pe_2_0_weight_out),
    .below(pe_2_0_below)
  );
  bitmod_pe pe_2_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_0_activation_out),
    .last(pe_2_0_last_out),
    .weight(pe_1_1_weight_out),
    .shift(pe_2_0_shift_out),
    .above(pe_1_1_below),
    .activation_out(pe_2_1_activation_out),
    .last_out(pe_2_1_last_out),
    .shift_out(pe_2_1_shift_out),
    .weight_out(pe_2_1_weight_out),
    .below(pe_2_1_below)
  );
  bitmod_pe pe_2_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_1_activation_out),
    .last(pe_2_1_last_out),
    .weight(pe_1_2_weight_out),
    .shift(pe_2_1_shift_out),
    .above(pe_1_2_below),
    .activation_out(pe_2_2_activation_out),
    .last_out(pe_2_2_last_out),
    .shift_out(pe_2_2_shift_out),
    .weight_out(pe_2_2_weight_out),
    .below(pe_2_2_below)
  );
  bitmod_pe pe_2_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_2_activation_out),
    .last(pe_2_2_last_out),
    .weight(pe_1_3_weight_out),
    .shift(pe_2_2_shift_out),
    .above(pe_1_3_below),
    .activation_out(),
    .last_out(),
    .shift_out(),
    .weight_out(pe_2_3_weight_out),
    .below(pe_2_3_below)
  );
  bitmod_pe pe_3_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_3),
    .last(last_3),
    .weight(pe_2_0_weight_out),
    .shift(pe_3_0_shift),
    .above(pe_2_0_below),
    .activation_out(pe_3_0_activation_out),
    .last_out(pe_3_0_last_out),
    .shift_out(pe_3_0_shift_out),
    .weight_out(),
    .below(pe_3_0_below)
  );
  bitmod_pe pe_3_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_0_activation_out),
    .last(pe_3_0_last_out),
    .weight(pe_2_1_weight_out),
    .shift(pe_3_0_shift_out),
    .above(pe_2_1_below),
    .activation_out(pe_3_1_activation_out),
    .last_out(pe_3_1_last_out),
    .shift_out(pe_3_1_shift_out),
    .weight_out(),
    .below(pe_3_1_below)
  );
  bitmod_pe pe_3_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_1_activation_out),
    .last(pe_3_1_last_out),
    .weight(pe_2_2_weight_out),
    .shift(pe_3_1_shift_out),
    .above(pe_2_2_below),
    .activation_out(pe_3_2_activation_out),
    .last_out(pe_3_2_last_out),
    .shift_out(pe_3_2_shift_out),
    .weight_out(),
    .below(pe_3_2_below)
  );
  bitmod_pe pe_3_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_2_activation_out),
    .last(pe_3_2_last_out),
    .weight(pe_2_3_weight_out),
    .shift(pe_3_2_shift_out),
    .above(pe_2_3_below),
    .activation_out(),
    .last_out(),
    .shift_out(),
    .weight_out(),
    .below(pe_3_3_below)
  );
endmodule

// A processing element: terms times activations, a sum for each group, times its scale.
module bitmod_pe (
  input  wire clk,
  input  wire rst,
  input  wire enable,
  input  wire [63:0] activation,
  input  wire last,
  input  wire [19:0] weight,
  input  wire shift,
  input  wire [28:0] above,
  output reg  [63:0] activation_out = 64'd0,
  output reg  last_out = 1'b1,
  output reg  shift_out = 1'b0,
  output reg  [19:0] weight_out = 20'd0,
  output reg  [28:0] below = 29'd0
);
  reg  [82:0] stage0 = 83'd0;
  reg  [71:0] stage1 = 72'd0;
  reg  [67:0] stage2 = 68'd0;
  reg  [24:0] stage3 = 25'd0;
  reg  delay = 1'b0;
  reg  delay_2 = 1'b0;
  reg  delay_3 = 1'b0;
  reg  [24:0] accumulated = 25'd0;
  reg  fresh = 1'b0;
  reg  [2:0] moves_left = 3'd0;
  reg  [20:0] sum_of_group = 21'd0;
  reg  [14:0] upper = 15'd0;
  reg  [7:0] lower = 8'd0;
  reg  delay_4 = 1'b0;
  reg  delay_5 = 1'b0;
  reg  delay_6 = 1'b0;
  reg  delay_7 = 1'b0;
  reg  delay_8 = 1'b0;
  reg  delay_9 = 1'b0;
  reg  delay_10 = 1'b0;
  reg  delay_11 = 1'b0;

  wire [3:0] choice;
  wire [15:0] shifted;
  wire normal0;
  wire [5:0] place0;
  wire normal1;
  wire [5:0] place1;
  wire normal2;
  wire [5:0] place2;
  wire normal3;
  wire [5:0] place3;
  wire greatest_is_0;
  wire [5:0] greatest_0;
  wire greatest_is_1;
  wire [5:0] greatest_1;
  wire greatest_is_2;
  wire [5:0] greatest_2;
  wire greatest_is_3;
  wire [5:0] greatest_3;
  wire [5:0] greatest;
  wire [5:0] difference;
  wire [5:0] difference_2;
  wire [5:0] difference_3;
  wire [5:0] difference_4;
  wire [13:0] lane0_right8;
  wire [13:0] lane0_right4;
  wire [13:0] lane0_right2;
  wire [13:0] lane0_right1;
  wire [13:0] lane1_right8;
  wire [13:0] lane1_right4;
  wire [13:0] lane1_right2;
  wire [13:0] lane1_right1;
  wire [13:0] lane2_right8;
  wire [13:0] lane2_right4;
  wire [13:0] lane2_right2;
  wire [13:0] lane2_right1;
  wire [13:0] lane3_right8;
  wire [13:0] lane3_right4;
  wire [13:0] lane3_right2;
  wire [13:0] lane3_right1;
  wire [14:0] signal;
  wire [14:0] both;
  wire [16:0] sum_of_4_0_wide;
  wire [17:0] sum_of_4_1_wide;
  wire [18:0] sum_of_2_0_wide;
  wire [3:0] up;
  wire [3:0] down;
  wire large_;
  wire small_;
  wire above_2;
  wire [19:0] choice_2;
  wire [21:0] shifted_2;
  wire [21:0] shifted_3;
  wire [21:0] shifted_4;
  wire [21:0] shifted_5;
  wire [21:0] shifted_6;
  wire [28:0] shifted_7;
  wire [28:0] shifted_8;
  wire [28:0] choice_3;
  wire [24:0] shifted_9;
  wire [24:0] shifted_10;
  wire [24:0] shifted_11;
  wire [24:0] shifted_12;
  wire [24:0] shifted_13;
  wire [24:0] shifted_14;
  wire [24:0] shifted_15;
  wire [24:0] shifted_16;
  wire [24:0] shifted_17;
  wire [30:0] sum;
  wire [20:0] shifted_18;
  wire dequantizes;
  wire signal_2;
  wire signal_3;
  wire shifts;
  wire [14:0] choice_4;
  wire [15:0] partial;
  wire [83:0] operands;
  wire [82:0] matched;
  wire [5:0] comparisons;
  wire [71:0] distant;
  wire [5:0] step_place;
  wire [67:0] aligned;
  wire [24:0] product;
  wire [4:0] up_borrows;
  wire [4:0] down_borrows;
  wire [21:0] held_few;
  wire [28:0] held_moved;
  wire [24:0] addend_few;
  wire [24:0] addend_moved;
  wire [30:0] total;
  wire [2:0] places;
  wire [20:0] shortened;
  wire [28:0] result;

  wire [20:0] accumulated_mantissa = accumulated[20:0];
  wire [3:0] accumulated_exponent = accumulated[24:21];
  wire [5:0] matched_lanes_0_place = matched[17:12];
  wire [5:0] matched_lanes_1_place = matched[35:30];
  wire [5:0] matched_lanes_2_place = matched[53:48];
  wire [5:0] matched_lanes_3_place = matched[71:66];
  wire operands_weight_terms_0_sign = operands[64];
  wire [1:0] operands_weight_terms_0_exponent = operands[66:65];
  wire operands_weight_terms_0_mantissa = operands[67];
  wire operands_weight_terms_1_sign = operands[68];
  wire [1:0] operands_weight_terms_1_exponent = operands[70:69];
  wire operands_weight_terms_1_mantissa = operands[71];
  wire operands_weight_terms_2_sign = operands[72];
  wire [1:0] operands_weight_terms_2_exponent = operands[74:73];
  wire operands_weight_terms_2_mantissa = operands[75];
  wire operands_weight_terms_3_sign = operands[76];
  wire [1:0] operands_weight_terms_3_exponent = operands[78:77];
  wire operands_weight_terms_3_mantissa = operands[79];
  wire [2:0] operands_weight_step = operands[82:80];
  wire operands_weight_scale = operands[83];
  wire stage0_lanes_0_negative = stage0[0];
  wire [10:0] stage0_lanes_0_significand = stage0[11:1];
  wire [5:0] stage0_lanes_0_place = stage0[17:12];
  wire stage0_lanes_1_negative = stage0[18];
  wire [10:0] stage0_lanes_1_significand = stage0[29:19];
  wire [5:0] stage0_lanes_1_place = stage0[35:30];
  wire stage0_lanes_2_negative = stage0[36];
  wire [10:0] stage0_lanes_2_significand = stage0[47:37];
  wire [5:0] stage0_lanes_2_place = stage0[53:48];
  wire stage0_lanes_3_negative = stage0[54];
  wire [10:0] stage0_lanes_3_significand = stage0[65:55];
  wire [5:0] stage0_lanes_3_place = stage0[71:66];
  wire [2:0] stage0_step = stage0[80:78];
  wire stage0_word = stage0[81];
  wire stage0_scale = stage0[82];
  wire stage1_lanes_0_negative = stage1[0];
  wire [10:0] stage1_lanes_0_significand = stage1[11:1];
  wire stage1_lanes_1_negative = stage1[16];
  wire [10:0] stage1_lanes_1_significand = stage1[27:17];
  wire stage1_lanes_2_negative = stage1[32];
  wire [10:0] stage1_lanes_2_significand = stage1[43:33];
  wire stage1_lanes_3_negative = stage1[48];
  wire [10:0] stage1_lanes_3_significand = stage1[59:49];
  wire [5:0] stage1_place = stage1[69:64];
  wire stage1_word = stage1[70];
  wire stage1_scale = stage1[71];
  wire [14:0] stage2_lanes_0 = stage2[14:0];
  wire [14:0] stage2_lanes_1 = stage2[29:15];
  wire [14:0] stage2_lanes_2 = stage2[44:30];
  wire [14:0] stage2_lanes_3 = stage2[59:45];
  wire stage2_word = stage2[66];
  wire stage2_scale = stage2[67];
  wire [17:0] stage3_sum = stage3[17:0];
  wire stage3_word = stage3[23];
  wire stage3_scale = stage3[24];
  wire [17:0] sum_of_2_0 = sum_of_2_0_wide[18:1];
  wire [15:0] sum_of_4_0 = sum_of_4_0_wide[16:1];
  wire [16:0] sum_of_4_1 = sum_of_4_1_wide[17:1];
  wire [14:0] sum_of_group_mantissa = sum_of_group[14:0];
  wire [5:0] sum_of_group_exponent = sum_of_group[20:15];

  assign choice = above_2 ? stage3[22:19] : accumulated_exponent + {{3{small_}}, large_ | small_};
  assign shifted = $signed(partial) >>> 1'b1;
  assign normal0 = operands[14:10] != 5'd0;
  assign place0 = normal0 ? ({1'b0, operands[14:10]} + {4'd0, operands_weight_terms_0_exponent}) :
      {3'd0, {1'b0, operands_weight_terms_0_exponent} + 3'd1};
  assign normal1 = operands[30:26] != 5'd0;
  assign place1 = normal1 ? ({1'b0, operands[30:26]} + {4'd0, operands_weight_terms_1_exponent}) :
      {3'd0, {1'b0, operands_weight_terms_1_exponent} + 3'd1};
  assign normal2 = operands[46:42] != 5'd0;
  assign place2 = normal2 ? ({1'b0, operands[46:42]} + {4'd0, operands_weight_terms_2_exponent}) :
      {3'd0, {1'b0, operands_weight_terms_2_exponent} + 3'd1};
  assign normal3 = operands[62:58] != 5'd0;
  assign place3 = normal3 ? ({1'b0, operands[62:58]} + {4'd0, operands_weight_terms_3_exponent}) :
      {3'd0, {1'b0, operands_weight_terms_3_exponent} + 3'd1};
  assign greatest_is_0 = 1'b1 & ~(|{stage0[75], stage0[73:72]});
  assign greatest_0 = stage0_lanes_0_place & {6{greatest_is_0}};
  assign greatest_is_1 = stage0[72] & ~(|{stage0[76], stage0[74]});
  assign greatest_1 = stage0_lanes_1_place & {6{greatest_is_1}};
  assign greatest_is_2 = (&stage0[74:73]) & ~stage0[77];
  assign greatest_2 = stage0_lanes_2_place & {6{greatest_is_2}};
  assign greatest_is_3 = (&stage0[77:75]) & ~1'b0;
  assign greatest_3 = stage0_lanes_3_place & {6{greatest_is_3}};
  assign greatest = greatest_0 | greatest_1 | greatest_2 | greatest_3;
  assign difference = greatest - stage0_lanes_0_place;
  assign difference_2 = greatest - stage0_lanes_1_place;
  assign difference_3 = greatest - stage0_lanes_2_place;
  assign difference_4 = greatest - stage0_lanes_3_place;
  assign lane0_right8 = stage1[15] ? ({stage1_lanes_0_significand, 3'd0} >> 4'd8) :
      {stage1_lanes_0_significand, 3'd0};
  assign lane0_right4 = stage1[14] ? (lane0_right8 >> 3'd4) : lane0_right8;
  assign lane0_right2 = stage1[13] ? (lane0_right4 >> 2'd2) : lane0_right4;
  assign lane0_right1 = stage1[12] ? (lane0_right2 >> 1'b1) : lane0_right2;
  assign lane1_right8 = stage1[31] ? ({stage1_lanes_1_significand, 3'd0} >> 4'd8) :
      {stage1_lanes_1_significand, 3'd0};
  assign lane1_right4 = stage1[30] ? (lane1_right8 >> 3'd4) : lane1_right8;
  assign lane1_right2 = stage1[29] ? (lane1_right4 >> 2'd2) : lane1_right4;
  assign lane1_right1 = stage1[28] ? (lane1_right2 >> 1'b1) : lane1_right2;
  assign lane2_right8 = stage1[47] ? ({stage1_lanes_2_significand, 3'd0} >> 4'd8) :
      {stage1_lanes_2_significand, 3'd0};
  assign lane2_right4 = stage1[46] ? (lane2_right8 >> 3'd4) : lane2_right8;
  assign lane2_right2 = stage1[45] ? (lane2_right4 >> 2'd2) : lane2_right4;
  assign lane2_right1 = stage1[44] ? (lane2_right2 >> 1'b1) : lane2_right2;
  assign lane3_right8 = stage1[63] ? ({stage1_lanes_3_significand, 3'd0} >> 4'd8) :
      {stage1_lanes_3_significand, 3'd0};
  assign lane3_right4 = stage1[62] ? (lane3_right8 >> 3'd4) : lane3_right8;
  assign lane3_right2 = stage1[61] ? (lane3_right4 >> 2'd2) : lane3_right4;
  assign lane3_right1 = stage1[60] ? (lane3_right2 >> 1'b1) : lane3_right2;
  assign signal = stage2_lanes_2 ^ stage2_lanes_3;
  assign both = stage2_lanes_2 & stage2_lanes_3;
  assign sum_of_4_0_wide = {stage2[14], stage2_lanes_0, 1'b1} + {stage2[29], stage2_lanes_1,
      stage2[44]};
  assign sum_of_4_1_wide = {{2{signal[14]}}, signal, 1'b1} + {both[14], both, stage2[59],
      stage2[29]};
  assign sum_of_2_0_wide = {{2{sum_of_4_0_wide[16]}}, sum_of_4_0, 1'b1} + {sum_of_4_1_wide[17],
      sum_of_4_1, stage2[14]};
  assign up = stage3[22:19] ^ accumulated_exponent ^ up_borrows[3:0];
  assign down = accumulated_exponent ^ stage3[22:19] ^ down_borrows[3:0];
  assign large_ = accumulated[20] ^ accumulated[19];
  assign small_ = (&accumulated[20:15]) | ~(|accumulated[20:15]);
  assign above_2 = ~(~fresh) | down_borrows[4] | ((accumulated_exponent == stage3[22:19]) &
      ~large_);
  assign choice_2 = stage3[18] ? ({{2{stage3[17]}}, stage3_sum} << 2'd2) : {{2{stage3[17]}},
      stage3_sum};
  assign shifted_2 = $signed({accumulated_mantissa, 1'b0}) >>> 1'b0;
  assign shifted_3 = $signed({accumulated_mantissa, 1'b0}) >>> 3'd4;
  assign shifted_4 = $signed({accumulated_mantissa, 1'b0}) >>> 4'd8;
  assign shifted_5 = $signed({accumulated_mantissa, 1'b0}) >>> 4'd12;
  assign shifted_6 = $signed(held_few) >>> 5'd16;
  assign shifted_7 = $signed({{7{accumulated[20]}}, accumulated_mantissa, 1'b0} << 3'd4) >>> 4'd8;
  assign shifted_8 = $signed({{7{accumulated[20]}}, accumulated_mantissa, 1'b0} << 3'd4) >>> 3'd4;
  assign choice_3 = small_ ? ({{7{accumulated[20]}}, accumulated_mantissa, 1'b0} << 3'd4) :
      shifted_8;
  assign shifted_9 = $signed({choice_2, 5'd0}) >>> 1'b0;
  assign shifted_10 = $signed({choice_2, 5'd0}) >>> 3'd4;
  assign shifted_11 = $signed({choice_2, 5'd0}) >>> 4'd8;
  assign shifted_12 = $signed({choice_2, 5'd0}) >>> 4'd12;
  assign shifted_13 = $signed(addend_few) >>> 4'd8;
  assign shifted_14 = $signed(addend_few) >>> 3'd4;
  assign shifted_15 = $signed(large_ ? shifted_13 : small_ ? addend_few : shifted_14) >>> 5'd16;
  assign shifted_16 = $signed(addend_few) >>> 4'd8;
  assign shifted_17 = $signed(addend_few) >>> 3'd4;
  assign sum = {held_moved[28], held_moved, 1'b1} + {{5{addend_moved[24]}}, addend_moved, 1'b1};
  assign shifted_18 = $signed(accumulated_mantissa) >>> places;
  assign dequantizes = moves_left != 3'd0;
  assign signal_2 = enable & fresh;
  assign signal_3 = enable & dequantizes;
  assign shifts = enable & ~fresh & (dequantizes | stage3_word);
  assign choice_4 = lower[0] ? sum_of_group_mantissa : 15'd0;
  assign partial = {upper[14], upper} + {choice_4[14], choice_4};
  assign operands[63:0] = activation;
  assign operands[83:64] = weight;
  assign matched[0] = operands[15] ^ operands_weight_terms_0_sign;
  assign matched[11:1] = operands_weight_terms_0_mantissa ? {normal0, operands[9:0]} : 11'd0;
  assign matched[17:12] = operands_weight_terms_0_mantissa ? place0 : 6'd0;
  assign matched[18] = operands[31] ^ operands_weight_terms_1_sign;
  assign matched[29:19] = operands_weight_terms_1_mantissa ? {normal1, operands[25:16]} : 11'd0;
  assign matched[35:30] = operands_weight_terms_1_mantissa ? place1 : 6'd0;
  assign matched[36] = operands[47] ^ operands_weight_terms_2_sign;
  assign matched[47:37] = operands_weight_terms_2_mantissa ? {normal2, operands[41:32]} : 11'd0;
  assign matched[53:48] = operands_weight_terms_2_mantissa ? place2 : 6'd0;
  assign matched[54] = operands[63] ^ operands_weight_terms_3_sign;
  assign matched[65:55] = operands_weight_terms_3_mantissa ? {normal3, operands[57:48]} : 11'd0;
  assign matched[71:66] = operands_weight_terms_3_mantissa ? place3 : 6'd0;
  assign matched[77:72] = comparisons;
  assign matched[80:78] = operands_weight_step;
  assign matched[81] = operands_weight_step != 3'd0;
  assign matched[82] = operands_weight_scale;
  assign comparisons[0] = matched_lanes_1_place > matched_lanes_0_place;
  assign comparisons[1] = matched_lanes_2_place > matched_lanes_0_place;
  assign comparisons[2] = matched_lanes_2_place > matched_lanes_1_place;
  assign comparisons[3] = matched_lanes_3_place > matched_lanes_0_place;
  assign comparisons[4] = matched_lanes_3_place > matched_lanes_1_place;
  assign comparisons[5] = matched_lanes_3_place > matched_lanes_2_place;
  assign distant[0] = stage0_lanes_0_negative;
  assign distant[11:1] = (|difference[5:4]) ? 11'd0 : stage0_lanes_0_significand;
  assign distant[15:12] = difference[3:0];
  assign distant[16] = stage0_lanes_1_negative;
  assign distant[27:17] = (|difference_2[5:4]) ? 11'd0 : stage0_lanes_1_significand;
  assign distant[31:28] = difference_2[3:0];
  assign distant[32] = stage0_lanes_2_negative;
  assign distant[43:33] = (|difference_3[5:4]) ? 11'd0 : stage0_lanes_2_significand;
  assign distant[47:44] = difference_3[3:0];
  assign distant[48] = stage0_lanes_3_negative;
  assign distant[59:49] = (|difference_4[5:4]) ? 11'd0 : stage0_lanes_3_significand;
  assign distant[63:60] = difference_4[3:0];
  assign distant[69:64] = step_place;
  assign distant[70] = stage0_word;
  assign distant[71] = stage0_scale;
  assign step_place = greatest != 6'd0 ? greatest + {3'd0, stage0_step} + 6'd2 : 6'd0;
  assign aligned[14:0] = {stage1_lanes_0_negative, lane0_right1 ^ {14{stage1_lanes_0_negative}}};
  assign aligned[29:15] = {stage1_lanes_1_negative, lane1_right1 ^ {14{stage1_lanes_1_negative}}};
  assign aligned[44:30] = {stage1_lanes_2_negative, lane2_right1 ^ {14{stage1_lanes_2_negative}}};
  assign aligned[59:45] = {stage1_lanes_3_negative, lane3_right1 ^ {14{stage1_lanes_3_negative}}};
  assign aligned[65:60] = stage1_place;
  assign aligned[66] = stage1_word;
  assign aligned[67] = stage1_scale;
  assign product[17:0] = sum_of_2_0 << stage2[60];
  assign product[22:18] = stage2[65:61];
  assign product[23] = stage2_word;
  assign product[24] = stage2_scale;
  assign up_borrows[0] = 1'b0;
  assign up_borrows[1] = (stage3[19] ^ accumulated[21]) ? accumulated[21] : up_borrows[0];
  assign up_borrows[2] = (stage3[20] ^ accumulated[22]) ? accumulated[22] : up_borrows[1];
  assign up_borrows[3] = (stage3[21] ^ accumulated[23]) ? accumulated[23] : up_borrows[2];
  assign up_borrows[4] = (stage3[22] ^ accumulated[24]) ? accumulated[24] : up_borrows[3];
  assign down_borrows[0] = 1'b0;
  assign down_borrows[1] = (accumulated[21] ^ stage3[19]) ? stage3[19] : down_borrows[0];
  assign down_borrows[2] = (accumulated[22] ^ stage3[20]) ? stage3[20] : down_borrows[1];
  assign down_borrows[3] = (accumulated[23] ^ stage3[21]) ? stage3[21] : down_borrows[2];
  assign down_borrows[4] = (accumulated[24] ^ stage3[22]) ? stage3[22] : down_borrows[3];
  assign held_few = up[1:0] == 2'd0 ? shifted_2 : up[1:0] == 2'd1 ? shifted_3 : up[1:0] == 2'd2 ?
      shifted_4 : shifted_5;
  assign held_moved = {~above_2 | (~up[2] & ~(up[3] | ~(~fresh))), ~above_2 | (up[2] & ~(up[3] |
      ~(~fresh)))} == 2'd0 ? 29'd0 : {~above_2 | (~up[2] & ~(up[3] | ~(~fresh))), ~above_2 | (up[2]
      & ~(up[3] | ~(~fresh)))} == 2'd1 ? {{7{shifted_6[21]}}, shifted_6} : {~above_2 | (~up[2] &
      ~(up[3] | ~(~fresh))), ~above_2 | (up[2] & ~(up[3] | ~(~fresh)))} == 2'd2 ?
      {{7{held_few[21]}}, held_few} : large_ ? shifted_7 : choice_3;
  assign addend_few = down[1:0] == 2'd0 ? shifted_9 : down[1:0] == 2'd1 ? shifted_10 : down[1:0] ==
      2'd2 ? shifted_11 : shifted_12;
  assign addend_moved = {above_2 | (~down[2] & ~down[3]), above_2 | (down[2] & ~down[3])} == 2'd0 ?
      25'd0 : {above_2 | (~down[2] & ~down[3]), above_2 | (down[2] & ~down[3])} == 2'd1 ? shifted_15
      : {above_2 | (~down[2] & ~down[3]), above_2 | (down[2] & ~down[3])} == 2'd2 ? (large_ ?
      shifted_16 : small_ ? addend_few : shifted_17) : {{4{choice_2[19]}}, choice_2, 1'b0};
  assign total = enable & ((stage3[22:19] != 4'd0) | ~(~fresh)) ? sum : 31'd0;
  assign places = accumulated[19] ^ accumulated[20] ? 3'd6 : (|(accumulated[19:18] ^
      {2{accumulated[20]}}) ? 3'd5 : (|(accumulated[19:17] ^ {3{accumulated[20]}}) ? 3'd4 :
      (|(accumulated[19:16] ^ {4{accumulated[20]}}) ? 3'd3 : (|(accumulated[19:15] ^
      {5{accumulated[20]}}) ? 3'd2 : (|(accumulated[19:14] ^ {6{accumulated[20]}}) ? 3'd1 :
      3'd0)))));
  assign shortened[14:0] = shifted_18[14:0];
  assign shortened[20:15] = {accumulated_exponent, 2'd0} + {3'd0, places};
  assign result[22:0] = {partial, lower[7:1]};
  assign result[28:23] = sum_of_group_exponent;

  always @(posedge clk) begin
    if (rst) begin
      activation_out <= 64'd0;
      last_out <= 1'b1;
      shift_out <= 1'b0;
      weight_out <= 20'd0;
      delay <= 1'b0;
      delay_2 <= 1'b0;
      delay_3 <= 1'b0;
      fresh <= 1'b0;
      moves_left <= 3'd0;
      delay_4 <= 1'b0;
      delay_5 <= 1'b0;
      delay_6 <= 1'b0;
      delay_7 <= 1'b0;
      delay_8 <= 1'b0;
      delay_9 <= 1'b0;
      delay_10 <= 1'b0;
      delay_11 <= 1'b0;
      below <= 29'd0;
    end else begin
      if (enable) begin
        activation_out <= activation;
        last_out <= last;
        shift_out <= shift;
        weight_out <= weight;
        delay <= last_out;
        delay_2 <= delay;
        delay_3 <= delay_2;
        fresh <= delay_3;
        if (fresh) begin
          moves_left <= 3'd7;
        end else if (dequantizes) begin
          moves_left <= moves_left - 3'd1;
        end
        delay_4 <= fresh;
        delay_5 <= delay_4;
        delay_6 <= delay_5;
        delay_7 <= delay_6;
        delay_8 <= delay_7;
        delay_9 <= delay_8;
        delay_10 <= delay_9;
        delay_11 <= delay_10;
      end
      if (enable & (delay_11 | shift)) below <= delay_11 ? result : above;
    end
  end

  always @(posedge clk) begin
    if (enable) begin
      stage0 <= matched;
      stage1 <= distant;
      stage2 <= aligned;
      stage3 <= product;
    end
    if (enable & ((stage3[22:19] != 4'd0) | ~(~fresh))) begin
      accumulated[20:0] <= total[22:2];
      accumulated[24:21] <= choice;
    end
    if (signal_2) begin
      sum_of_group <= shortened;
      upper <= 15'd0;
    end else if (signal_3) begin
      upper <= shifted[14:0];
    end
    if (shifts) lower <= {dequantizes ? partial[0] : stage3_scale, lower[7:1]};
  end
endmodule

module bitmod_core_array_buffer (
  input  wire clk,
  input  wire rst,
  input  wire i_valid,
  input  wire o_ready,
  input  wire [116:0] i_payload,
  output reg  i_ready = 1'b1,
  output reg  o_valid = 1'b0,
  output reg  [116:0] o_payload = 117'd0
);
  reg  [116:0] spare = 117'd0;

  always @(posedge clk) begin
    if (rst) begin
      i_ready <= 1'b1;
      o_valid <= 1'b0;
      o_payload <= 117'd0;
    end else if (o_ready | ~o_valid) begin
      i_ready <= 1'b1;
      o_valid <= i_valid | ~i_ready;
      if (i_ready) begin
        o_payload <= i_payload;
      end else begin
        o_payload <= spare;
      end
    end else if (i_valid & i_ready) begin
      i_ready <= 1'b0;
    end
  end

  always @(posedge clk) begin
    if (~(o_ready | ~o_valid) & (i_valid & i_ready)) spare <= i_payload;
  end
endmodule

// A product, tile by tile: K changes fastest, then N, then M.
module bitmod_core_walker (
  input  wire clk,
  input  wire rst,
  input  wire products_valid,
  input  wire tiles_ready,
  input  wire [47:0] products_payload,
  output wire products_ready,
  output reg  tiles_valid = 1'b0,
  output reg  [15:0] tiles_payload = 16'd0
);
  reg  [47:0] product = 48'd0;
  reg  [47:0] left = 48'd0;
  reg  busy = 1'b0;

  wire first_m;
  wire last_m;
  wire first_n;
  wire last_n;
  wire only_n;
  wire first_k;
  wire last_k;
  wire only_k;
  wire [15:0] tile;

  wire [15:0] left_m = left[15:0];
  wire [15:0] left_n = left[31:16];
  wire [15:0] left_k = left[47:32];
  wire [15:0] product_m = product[15:0];
  wire [15:0] product_n = product[31:16];
  wire [15:0] product_k = product[47:32];
  wire tile_final = tile[15];

  assign products_ready = ~busy;
  assign first_m = left_m == product_m;
  assign last_m = left_m <= 16'd4;
  assign first_n = left_n == product_n;
  assign last_n = left_n <= 16'd4;
  assign only_n = first_n & last_n;
  assign first_k = left_k == product_k;
  assign last_k = left_k <= 16'd32;
  assign only_k = first_k & last_k;
  assign tile[1:0] = last_m ? (left[1:0] - 2'd1) : 2'd3;
  assign tile[3:2] = last_n ? (left[17:16] - 2'd1) : 2'd3;
  assign tile[8:4] = last_k ? (left[36:32] - 5'd1) : 5'd31;
  assign tile[9] = ~only_k | first_n;
  assign tile[10] = ~only_k | ~only_n | first_m;
  assign tile[11] = ~only_k | last_n;
  assign tile[12] = ~only_k | ~only_n | last_m;
  assign tile[13] = first_k;
  assign tile[14] = last_k;
  assign tile[15] = last_k & last_n & last_m;

  always @(posedge clk) begin
    if (rst) begin
      product <= 48'd0;
      left <= 48'd0;
      busy <= 1'b0;
      tiles_valid <= 1'b0;
      tiles_payload <= 16'd0;
    end else begin
      if (~busy & products_valid) begin
        product <= products_payload;
        left <= products_payload;
        busy <= 1'b1;
      end
      if (tiles_ready | ~tiles_valid) begin
        if (busy) begin
          left[47:32] <= last_k ? product_k : left_k - 16'd32;
          if (last_k) left[31:16] <= last_n ? product_n : left_n - 16'd4;
          if (last_k & last_n) left[15:0] <= last_m ? product_m : left_m - 16'd4;
          if (tile_final) busy <= 1'b0;
        end
        tiles_valid <= busy;
        tiles_payload <= tile;
      end
    end
  end
endmodule
