// Weight-stationary systolic array, written by accelsim 0.1.0.
// Parameters:
//   dataflow = weight-stationary
//   rows = 8
//   columns = 8
//   activations = int8
//   weights = int8
//   tile = 64
//   folds = 4
//   stream_bytes = 8
// Ports, registers and the order of the streams: see README.md.

module systolic (
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
  wire [255:0] core_data;
  wire core_drain_words_payload_last;
  wire core_results_valid;
  wire widen_activations_i_ready;
  wire widen_activations_o_valid;
  wire [63:0] widen_activations_o_payload;
  wire widen_weights_i_ready;
  wire widen_weights_o_valid;
  wire [63:0] widen_weights_o_payload;
  wire narrow_results_i_ready;
  wire [64:0] narrow_results_o_payload;
  wire registers_control_pulse;
  wire [15:0] registers_m_value;
  wire [15:0] registers_n_value;
  wire [15:0] registers_k_value;

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

  systolic_core core (
    .clk(clk),
    .rst(rst),
    .products_valid(starts),
    .words_ready(narrow_results_i_ready),
    .products_payload(core_products_payload),
    .words_valid(widen_activations_o_valid),
    .words_payload(widen_activations_o_payload),
    .words_valid_2(widen_weights_o_valid),
    .words_payload_2(widen_weights_o_payload),
    .activations_ready(core_activations_ready),
    .weights_ready(core_weights_ready),
    .data(core_data),
    .drain_words_payload_last(core_drain_words_payload_last),
    .results_valid(core_results_valid)
  );
  systolic_widen widen_activations (
    .clk(clk),
    .rst(rst),
    .i_payload(s_axis_activations_tdata),
    .i_valid(widen_activations_i_valid),
    .o_ready(core_activations_ready),
    .i_ready(widen_activations_i_ready),
    .o_valid(widen_activations_o_valid),
    .o_payload(widen_activations_o_payload)
  );
  systolic_widen widen_weights (
    .clk(clk),
    .rst(rst),
    .i_payload(s_axis_weights_tdata),
    .i_valid(widen_weights_i_valid),
    .o_ready(core_weights_ready),
    .i_ready(widen_weights_i_ready),
    .o_valid(widen_weights_o_valid),
    .o_payload(widen_weights_o_payload)
  );
  systolic_narrow_results narrow_results (
    .clk(clk),
    .rst(rst),
    .o_ready(m_axis_results_tready),
    .fields(core_data),
    .i_payload_7(core_drain_words_payload_last),
    .i_valid(core_results_valid),
    .i_ready(narrow_results_i_ready),
    .o_payload(narrow_results_o_payload),
    .o_valid(m_axis_results_tvalid)
  );
  systolic_registers registers (
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
    .s_axi_rvalid(s_axi_rvalid),
    .s_axi_rdata(s_axi_rdata),
    .s_axi_rresp(s_axi_rresp)
  );
endmodule

// The registers behind AXI4-Lite.
module systolic_registers (
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
  output reg  s_axi_rvalid = 1'b0,
  output reg  [31:0] s_axi_rdata = 32'd0,
  output reg  [1:0] s_axi_rresp = 2'd0
);
  reg  addressed = 1'b0;
  reg  [8:0] write_chosen = 9'd0;
  reg  filled = 1'b0;
  reg  [31:0] write_data = 32'd0;
  reg  [3:0] write_strobes = 4'd0;
  reg  read_addressed = 1'b0;
  reg  [8:0] read_chosen = 9'd0;

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
  assign either_4 = either_3 | (read_chosen[7] ? 32'h80008 : 32'd0) | (read_chosen[8] ? 32'h40040 :
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
      if (s_axi_arready & s_axi_arvalid) read_addressed <= 1'b1;
      if (read) begin
        read_addressed <= 1'b0;
        s_axi_rdata <= either_4;
        s_axi_rresp <= (|read_chosen) ? 2'd0 : 2'd2;
      end
      if (s_axi_rready) s_axi_rvalid <= 1'b0;
      if (read) s_axi_rvalid <= 1'b1;
    end
  end

  always @(posedge clk) begin
    if (s_axi_awready & s_axi_awvalid) write_chosen <= {3'd0, s_axi_awaddr == 6'd20, s_axi_awaddr ==
        6'd16, s_axi_awaddr == 6'd12, 1'b0, s_axi_awaddr == 6'd4, 1'b0};
    if (s_axi_wready & s_axi_wvalid) begin
      write_data <= s_axi_wdata;
      write_strobes <= s_axi_wstrb;
    end
    if (s_axi_arready & s_axi_arvalid) read_chosen <= {s_axi_araddr == 6'd32, s_axi_araddr == 6'd28,
        s_axi_araddr == 6'd24, s_axi_araddr == 6'd20, s_axi_araddr == 6'd16, s_axi_araddr == 6'd12,
        s_axi_araddr == 6'd8, s_axi_araddr == 6'd4, s_axi_araddr == 6'd0};
  end
endmodule

// Words of results in beats.
module systolic_narrow_results (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire [255:0] fields,
  input  wire i_payload_7,
  input  wire i_valid,
  output wire i_ready,
  output wire [64:0] o_payload,
  output reg  o_valid = 1'b0
);
  reg  [259:0] held = 260'd0;
  reg  [1:0] left = 2'd0;
  reg  final_ = 1'b1;

  wire moves;
  wire [259:0] choice;

  assign moves = o_ready | ~o_valid;
  assign i_ready = moves & final_;
  assign choice = final_ ? {i_payload_7, fields[255:192], 1'b0, fields[191:128], 1'b0,
      fields[127:64], 1'b0, fields[63:0]} : held >> 7'd65;
  assign o_payload = held[64:0];

  always @(posedge clk) begin
    if (moves) held <= choice;
  end

  always @(posedge clk) begin
    if (rst) begin
      left <= 2'd0;
      final_ <= 1'b1;
      o_valid <= 1'b0;
    end else if (moves) begin
      if (~final_) begin
        left <= left - 2'd1;
        final_ <= left == 2'd1;
      end else begin
        if (i_valid) begin
          left <= 2'd3;
          final_ <= 1'b0;
        end
        o_valid <= i_valid;
      end
    end
  end
endmodule

// Beats in words.
module systolic_widen (
  input  wire clk,
  input  wire rst,
  input  wire [63:0] i_payload,
  input  wire i_valid,
  input  wire o_ready,
  output wire i_ready,
  output wire o_valid,
  output wire [63:0] o_payload
);
  systolic_widen_part part (
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

module systolic_widen_part (
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

// The array with its scratchpads, sums, and what leads tiles through them.
module systolic_core (
  input  wire clk,
  input  wire rst,
  input  wire products_valid,
  input  wire words_ready,
  input  wire [47:0] products_payload,
  input  wire words_valid,
  input  wire [63:0] words_payload,
  input  wire words_valid_2,
  input  wire [63:0] words_payload_2,
  output wire activations_ready,
  output wire weights_ready,
  output wire [255:0] data,
  output wire drain_words_payload_last,
  output wire results_valid
);
  wire tiles_load_a_w_en;
  wire tiles_load_b_w_en;
  wire tiles_drain_w_en;
  wire both;
  wire tiles_ready;
  wire walker_tiles_valid;
  wire [16:0] walker_tiles_payload;
  wire array_activations_ready;
  wire array_weights_ready;
  wire array_results_valid;
  wire [256:0] array_results_payload;
  wire load_a_write;
  wire load_a_filled;
  wire [7:0] load_a_write_address;
  wire feed_a_moves;
  wire feed_a_begins;
  wire feed_a_tiles_ready;
  wire feed_a_freed;
  wire feed_a_words_payload_last;
  wire feed_a_words_valid;
  wire [7:0] feed_a_read_address;
  wire [63:0] scratchpad_a_data;
  wire scratchpad_a_free;
  wire scratchpad_a_full;
  wire load_b_write;
  wire load_b_filled;
  wire [6:0] load_b_write_address;
  wire feed_b_moves;
  wire feed_b_tiles_ready;
  wire feed_b_freed;
  wire feed_b_words_valid;
  wire [6:0] feed_b_read_address;
  wire [63:0] scratchpad_b_data;
  wire scratchpad_b_free;
  wire scratchpad_b_full;
  wire to_array_a_i_ready;
  wire to_array_a_o_valid;
  wire [64:0] to_array_a_o_payload;
  wire to_array_b_i_ready;
  wire to_array_b_o_valid;
  wire [63:0] to_array_b_o_payload;
  wire sums_sums_ready;
  wire sums_tiles_ready;
  wire sums_free;
  wire sums_full;
  wire drain_moves;
  wire drain_tiles_ready;
  wire drain_freed;
  wire [7:0] drain_read_address;
  wire tiles_load_a_w_rdy;
  wire tiles_load_a_r_rdy;
  wire [16:0] tiles_load_a_r_data;
  wire tiles_load_b_w_rdy;
  wire tiles_load_b_r_rdy;
  wire [16:0] tiles_load_b_r_data;
  wire tiles_feed_a_w_rdy;
  wire tiles_feed_a_r_rdy;
  wire [16:0] tiles_feed_a_r_data;
  wire tiles_feed_b_w_rdy;
  wire tiles_feed_b_r_rdy;
  wire [16:0] tiles_feed_b_r_data;
  wire tiles_sums_w_rdy;
  wire tiles_sums_r_rdy;
  wire [16:0] tiles_sums_r_data;
  wire tiles_drain_w_rdy;
  wire tiles_drain_r_rdy;
  wire [16:0] tiles_drain_r_data;

  wire tiles_payload_new_a = walker_tiles_payload[10];
  wire tiles_payload_new_b = walker_tiles_payload[11];
  wire tiles_payload_ends = walker_tiles_payload[15];

  assign tiles_load_a_w_en = walker_tiles_valid & tiles_ready & tiles_payload_new_a;
  assign tiles_load_b_w_en = walker_tiles_valid & tiles_ready & tiles_payload_new_b;
  assign tiles_drain_w_en = walker_tiles_valid & tiles_ready & tiles_payload_ends;
  assign both = tiles_load_a_w_rdy & tiles_load_b_w_rdy & tiles_feed_a_w_rdy & tiles_feed_b_w_rdy;
  assign tiles_ready = both & tiles_sums_w_rdy & tiles_drain_w_rdy;

  systolic_core_walker walker (
    .clk(clk),
    .rst(rst),
    .products_valid(products_valid),
    .tiles_ready(tiles_ready),
    .products_payload(products_payload),
    .products_ready(),
    .tiles_valid(walker_tiles_valid),
    .tiles_payload(walker_tiles_payload)
  );
  systolic_core_array array (
    .clk(clk),
    .rst(rst),
    .o_ready(sums_sums_ready),
    .activations_valid(to_array_a_o_valid),
    .activations_payload(to_array_a_o_payload),
    .weights_valid(to_array_b_o_valid),
    .weights_payload(to_array_b_o_payload),
    .activations_ready(array_activations_ready),
    .weights_ready(array_weights_ready),
    .results_valid(array_results_valid),
    .results_payload(array_results_payload)
  );
  systolic_core_load_a load_a (
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
  systolic_core_feed_a feed_a (
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
  systolic_core_scratchpad_a scratchpad_a (
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
  systolic_core_load_b load_b (
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
  systolic_core_feed_b feed_b (
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
  systolic_core_scratchpad_b scratchpad_b (
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
  systolic_core_to_array_a to_array_a (
    .clk(clk),
    .rst(rst),
    .o_ready(array_activations_ready),
    .i_payload_last(feed_a_words_payload_last),
    .i_valid(feed_a_words_valid),
    .i_payload_values(scratchpad_a_data),
    .i_ready(to_array_a_i_ready),
    .o_valid(to_array_a_o_valid),
    .o_payload(to_array_a_o_payload)
  );
  systolic_core_to_array_b to_array_b (
    .clk(clk),
    .rst(rst),
    .o_ready(array_weights_ready),
    .i_valid(feed_b_words_valid),
    .i_payload(scratchpad_b_data),
    .i_ready(to_array_b_i_ready),
    .o_valid(to_array_b_o_valid),
    .o_payload(to_array_b_o_payload)
  );
  systolic_core_sums sums (
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
  systolic_core_drain drain (
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
  systolic_core_tiles tiles_load_a (
    .clk(clk),
    .rst(rst),
    .w_en(tiles_load_a_w_en),
    .r_en(load_a_filled),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_load_a_w_rdy),
    .r_rdy(tiles_load_a_r_rdy),
    .r_data(tiles_load_a_r_data)
  );
  systolic_core_tiles tiles_load_b (
    .clk(clk),
    .rst(rst),
    .w_en(tiles_load_b_w_en),
    .r_en(load_b_filled),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_load_b_w_rdy),
    .r_rdy(tiles_load_b_r_rdy),
    .r_data(tiles_load_b_r_data)
  );
  systolic_core_tiles tiles_feed_a (
    .clk(clk),
    .rst(rst),
    .w_en(walker_tiles_valid & tiles_ready),
    .r_en(feed_a_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_feed_a_w_rdy),
    .r_rdy(tiles_feed_a_r_rdy),
    .r_data(tiles_feed_a_r_data)
  );
  systolic_core_tiles tiles_feed_b (
    .clk(clk),
    .rst(rst),
    .w_en(walker_tiles_valid & tiles_ready),
    .r_en(feed_b_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_feed_b_w_rdy),
    .r_rdy(tiles_feed_b_r_rdy),
    .r_data(tiles_feed_b_r_data)
  );
  systolic_core_tiles tiles_sums (
    .clk(clk),
    .rst(rst),
    .w_en(walker_tiles_valid & tiles_ready),
    .r_en(sums_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_sums_w_rdy),
    .r_rdy(tiles_sums_r_rdy),
    .r_data(tiles_sums_r_data)
  );
  systolic_core_tiles tiles_drain (
    .clk(clk),
    .rst(rst),
    .w_en(tiles_drain_w_en),
    .r_en(drain_tiles_ready),
    .w_port_data(walker_tiles_payload),
    .w_rdy(tiles_drain_w_rdy),
    .r_rdy(tiles_drain_r_rdy),
    .r_data(tiles_drain_r_data)
  );
endmodule

// Tiles that wait for a part.
module systolic_core_tiles (
  input  wire clk,
  input  wire rst,
  input  wire w_en,
  input  wire r_en,
  input  wire [16:0] w_port_data,
  output wire w_rdy,
  output wire r_rdy,
  output wire [16:0] r_data
);
  reg  [2:0] w_port_addr = 3'd0;
  reg  [2:0] r_port_addr = 3'd0;
  reg  [3:0] level = 4'd0;
  reg  [16:0] storage [0:7];

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
      storage[storage_at] = 17'd0;
  end

  always @(posedge clk) begin
    if (w_port_en) storage[w_port_addr] <= w_port_data;
  end

  assign r_data = storage[r_port_addr];
endmodule

// Sums on their way out.
module systolic_core_drain (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [16:0] tiles_payload,
  input  wire words_ready,
  input  wire full,
  output wire moves,
  output wire tiles_ready,
  output wire freed,
  output reg  words_payload_last = 1'b0,
  output reg  words_valid = 1'b0,
  output wire [7:0] read_address
);
  reg  valid = 1'b0;
  reg  last = 1'b0;

  wire step;
  wire walk_last;

  wire tiles_payload_final = tiles_payload[16];

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

  systolic_core_drain_walk walk (
    .clk(clk),
    .rst(rst),
    .step(step),
    .fields(tiles_payload[7:0]),
    .last(walk_last),
    .address(read_address)
  );
endmodule

module systolic_core_drain_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [7:0] fields,
  output wire last,
  output reg  [7:0] address = 8'd0
);
  reg  [5:0] at_inner = 6'd0;
  reg  [1:0] at_middle = 2'd0;

  wire inner_last;
  wire middle_last;
  wire outer_last;

  wire [5:0] inner = fields[5:0];
  wire [1:0] middle = fields[7:6];

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

// Two banks of sums: one grows, the other is taken away.
module systolic_core_sums (
  input  wire clk,
  input  wire rst,
  input  wire claimed,
  input  wire read,
  input  wire taken,
  input  wire tiles_valid,
  input  wire [16:0] tiles_payload,
  input  wire sums_valid,
  input  wire [256:0] sums_payload,
  input  wire [7:0] read_address,
  output wire sums_ready,
  output wire tiles_ready,
  output wire [255:0] data,
  output wire free,
  output wire full
);
  reg  valid1 = 1'b0;
  reg  [10:0] place1 = 11'd0;
  reg  [255:0] word1 = 256'd0;
  reg  valid2 = 1'b0;
  reg  [10:0] place2 = 11'd0;
  reg  [255:0] word2 = 256'd0;
  reg  leaves = 1'b0;
  reg  [255:0] grown_0 = 256'd0;
  reg  [255:0] gone_0 = 256'd0;
  reg  [255:0] grown_1 = 256'd0;
  reg  [255:0] gone_1 = 256'd0;
  reg  from_bank = 1'b0;
  reg  gone_bank = 1'b0;
  reg  [255:0] read_data = 256'd0;
  reg  [255:0] read_data_2 = 256'd0;
  reg  [255:0] memory_0 [0:255];
  reg  [255:0] memory_1 [0:255];

  wire taken_2;
  wire closed;
  wire busy;
  wire [31:0] sum;
  wire [31:0] sum_2;
  wire [31:0] sum_3;
  wire [31:0] sum_4;
  wire [31:0] sum_5;
  wire [31:0] sum_6;
  wire [31:0] sum_7;
  wire [31:0] sum_8;
  wire banks_filled;
  wire banks_freed;
  wire leaving_0;
  wire [7:0] read_addr;
  wire read_en;
  wire signature_en;
  wire leaving_1;
  wire [7:0] read_addr_2;
  wire read_en_2;
  wire signature_en_2;
  wire [10:0] now;
  wire [255:0] before_;
  wire walk_last;
  wire walk_middle_first;
  wire [7:0] walk_address;
  wire banks_fills;
  wire banks_uses;

  wire [7:0] place1_address = place1[7:0];
  wire place1_bank = place1[8];
  wire [7:0] place2_address = place2[7:0];
  wire place2_bank = place2[8];
  wire place2_begins = place2[9];
  wire place2_fills = place2[10];
  wire [255:0] sums_payload_values = sums_payload[255:0];
  wire tiles_payload_begins = tiles_payload[14];
  wire tiles_payload_ends = tiles_payload[15];

  assign sums_ready = tiles_valid & ~busy;
  assign taken_2 = sums_valid & sums_ready;
  assign tiles_ready = taken_2 & walk_last;
  assign closed = taken_2 & walk_last & tiles_payload_ends;
  assign busy = |{valid2 & (place2_address == walk_address) & (place2_bank == banks_fills), valid1 &
      (place1_address == walk_address) & (place1_bank == banks_fills)};
  assign sum = before_[31:0] + word2[31:0];
  assign sum_2 = before_[63:32] + word2[63:32];
  assign sum_3 = before_[95:64] + word2[95:64];
  assign sum_4 = before_[127:96] + word2[127:96];
  assign sum_5 = before_[159:128] + word2[159:128];
  assign sum_6 = before_[191:160] + word2[191:160];
  assign sum_7 = before_[223:192] + word2[223:192];
  assign sum_8 = before_[255:224] + word2[255:224];
  assign banks_filled = valid2 & place2_fills;
  assign banks_freed = leaves & read;
  assign leaving_0 = full & ~banks_uses;
  assign read_addr = leaving_0 ? read_address : walk_address;
  assign read_en = leaving_0 ? read : taken_2 & ~banks_fills;
  assign signature_en = valid2 & ~place2_bank;
  assign leaving_1 = full & banks_uses;
  assign read_addr_2 = leaving_1 ? read_address : walk_address;
  assign read_en_2 = leaving_1 ? read : taken_2 & banks_fills;
  assign signature_en_2 = valid2 & place2_bank;
  assign data = gone_bank ? gone_1 : gone_0;
  assign now[7:0] = walk_address;
  assign now[8] = banks_fills;
  assign now[9] = tiles_payload_begins & walk_middle_first;
  assign now[10] = closed;
  assign before_ = ~place2_begins ? (place2_bank ? grown_1 : grown_0) : 256'd0;

  always @(posedge clk) begin
    if (rst) begin
      valid1 <= 1'b0;
      place1 <= 11'd0;
      valid2 <= 1'b0;
      place2 <= 11'd0;
      leaves <= 1'b0;
      from_bank <= 1'b0;
      gone_bank <= 1'b0;
    end else begin
      valid1 <= taken_2;
      place1 <= now;
      valid2 <= valid1;
      place2 <= place1;
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
    grown_0 <= read_data;
    if (read) begin
      gone_0 <= read_data;
      gone_1 <= read_data_2;
    end
    grown_1 <= read_data_2;
  end

  integer memory_0_at;
  initial begin
    for (memory_0_at = 0; memory_0_at < 256; memory_0_at = memory_0_at + 1)
      memory_0[memory_0_at] = 256'd0;
  end

  integer memory_1_at;
  initial begin
    for (memory_1_at = 0; memory_1_at < 256; memory_1_at = memory_1_at + 1)
      memory_1[memory_1_at] = 256'd0;
  end

  always @(posedge clk) begin
    if (signature_en) memory_0[place2_address] <= {sum_8, sum_7, sum_6, sum_5, sum_4, sum_3, sum_2, sum};
  end

  always @(posedge clk) begin
    if (read_en) read_data <= memory_0[read_addr];
  end

  always @(posedge clk) begin
    if (signature_en_2) memory_1[place2_address] <= {sum_8, sum_7, sum_6, sum_5, sum_4, sum_3, sum_2, sum};
  end

  always @(posedge clk) begin
    if (read_en_2) read_data_2 <= memory_1[read_addr_2];
  end

  systolic_core_sums_walk walk (
    .clk(clk),
    .rst(rst),
    .step(taken_2),
    .fields(tiles_payload[9:0]),
    .last(walk_last),
    .middle_first(walk_middle_first),
    .address(walk_address)
  );
  systolic_core_sums_banks banks (
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

module systolic_core_sums_banks (
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

module systolic_core_sums_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [9:0] fields,
  output wire last,
  output wire middle_first,
  output reg  [7:0] address = 8'd0
);
  reg  [5:0] at_inner = 6'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;
  reg  [7:0] begin_ = 8'd0;

  wire inner_last;
  wire middle_last;
  wire outer_last;
  wire [7:0] sum;

  wire [5:0] inner = fields[5:0];
  wire [1:0] outer = fields[7:6];
  wire [1:0] middle = fields[9:8];

  assign inner_last = at_inner == inner;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;
  assign middle_first = at_middle == 2'd0;
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

module systolic_core_to_array_b (
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

module systolic_core_to_array_a (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire i_payload_last,
  input  wire i_valid,
  input  wire [63:0] i_payload_values,
  output reg  i_ready = 1'b1,
  output reg  o_valid = 1'b0,
  output reg  [64:0] o_payload = 65'd0
);
  reg  [64:0] spare = 65'd0;

  always @(posedge clk) begin
    if (rst) begin
      i_ready <= 1'b1;
      o_valid <= 1'b0;
      o_payload <= 65'd0;
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
module systolic_core_scratchpad_b (
  input  wire clk,
  input  wire rst,
  input  wire write,
  input  wire claimed,
  input  wire read_en,
  input  wire taken,
  input  wire [6:0] write_address,
  input  wire [6:0] read_address,
  input  wire [63:0] write_data,
  output reg  [63:0] data = 64'd0,
  output wire free,
  output wire full
);
  reg  [63:0] read_data = 64'd0;
  reg  [63:0] memory [0:255];

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
    for (memory_at = 0; memory_at < 256; memory_at = memory_at + 1)
      memory[memory_at] = 64'd0;
  end

  always @(posedge clk) begin
    if (write) memory[{banks_fills, write_address}] <= write_data;
  end

  always @(posedge clk) begin
    if (read_en) read_data <= memory[{banks_uses, read_address}];
  end

  systolic_core_scratchpad_banks banks (
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

// Words of B to the array.
module systolic_core_feed_b (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [16:0] tiles_payload,
  input  wire full,
  input  wire words_ready,
  output wire moves,
  output wire tiles_ready,
  output wire freed,
  output reg  words_payload_last = 1'b0,
  output reg  words_valid = 1'b0,
  output wire [6:0] read_address
);
  reg  valid = 1'b0;
  reg  last = 1'b0;

  wire step;
  wire walk_inner_last;
  wire walk_last;

  wire tiles_payload_last_b = tiles_payload[13];

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

  systolic_core_feed_b_walk walk (
    .clk(clk),
    .rst(rst),
    .step(step),
    .fields(tiles_payload[9:6]),
    .inner_last(walk_inner_last),
    .last(walk_last),
    .address(read_address)
  );
endmodule

module systolic_core_feed_b_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [3:0] fields,
  output wire inner_last,
  output wire last,
  output reg  [6:0] address = 7'd0
);
  reg  [2:0] at_inner = 3'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;

  wire middle_last;
  wire outer_last;

  wire [1:0] outer = fields[1:0];
  wire [1:0] middle = fields[3:2];

  assign inner_last = at_inner == 3'd7;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 3'd0;
      address <= 7'd0;
      at_middle <= 2'd0;
      at_outer <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 3'd1;
      if (inner_last) begin
        at_inner <= 3'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 7'd1;
      if (last) address <= 7'd0;
      if (middle_last) begin
        at_middle <= 2'd0;
        at_outer <= at_outer + 2'd1;
      end
      if (last) at_outer <= 2'd0;
    end
  end
endmodule

// Words of B into their scratchpad.
module systolic_core_load_b (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [16:0] tiles_payload,
  input  wire free,
  input  wire words_valid,
  output wire words_ready,
  output wire write,
  output wire filled,
  output wire [6:0] write_address
);
  wire walk_last;

  assign words_ready = tiles_valid & free;
  assign write = words_valid & words_ready;
  assign filled = write & walk_last;

  systolic_core_load_b_walk walk (
    .clk(clk),
    .rst(rst),
    .step(write),
    .fields(tiles_payload[9:6]),
    .last(walk_last),
    .address(write_address)
  );
endmodule

module systolic_core_load_b_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [3:0] fields,
  output wire last,
  output reg  [6:0] address = 7'd0
);
  reg  [2:0] at_inner = 3'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;

  wire inner_last;
  wire middle_last;
  wire outer_last;

  wire [1:0] outer = fields[1:0];
  wire [1:0] middle = fields[3:2];

  assign inner_last = at_inner == 3'd7;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 3'd0;
      address <= 7'd0;
      at_middle <= 2'd0;
      at_outer <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 3'd1;
      if (inner_last) begin
        at_inner <= 3'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 7'd1;
      if (last) address <= 7'd0;
      if (middle_last) begin
        at_middle <= 2'd0;
        at_outer <= at_outer + 2'd1;
      end
      if (last) at_outer <= 2'd0;
    end
  end
endmodule

// Two banks of words of A.
module systolic_core_scratchpad_a (
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

  systolic_core_scratchpad_banks banks (
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

module systolic_core_scratchpad_banks (
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

// Words of A to the array.
module systolic_core_feed_a (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [16:0] tiles_payload,
  input  wire full,
  input  wire words_ready,
  input  wire may_begin,
  output wire moves,
  output wire begins,
  output wire tiles_ready,
  output wire freed,
  output reg  words_payload_last = 1'b0,
  output reg  words_valid = 1'b0,
  output wire [7:0] read_address
);
  reg  first = 1'b1;
  reg  valid = 1'b0;
  reg  last = 1'b0;

  wire claims;
  wire step;
  wire walk_inner_last;
  wire walk_last;

  wire tiles_payload_last_a = tiles_payload[12];
  wire tiles_payload_begins = tiles_payload[14];

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

  systolic_core_feed_a_walk walk (
    .clk(clk),
    .rst(rst),
    .step(step),
    .fields(tiles_payload[9:0]),
    .inner_last(walk_inner_last),
    .last(walk_last),
    .address(read_address)
  );
endmodule

module systolic_core_feed_a_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [9:0] fields,
  output wire inner_last,
  output wire last,
  output reg  [7:0] address = 8'd0
);
  reg  [5:0] at_inner = 6'd0;
  reg  [1:0] at_middle = 2'd0;
  reg  [1:0] at_outer = 2'd0;

  wire middle_last;
  wire outer_last;

  wire [5:0] inner = fields[5:0];
  wire [1:0] outer = fields[7:6];
  wire [1:0] middle = fields[9:8];

  assign inner_last = at_inner == inner;
  assign middle_last = inner_last & (at_middle == middle);
  assign outer_last = at_outer == outer;
  assign last = middle_last & outer_last;

  always @(posedge clk) begin
    if (rst) begin
      at_inner <= 6'd0;
      address <= 8'd0;
      at_middle <= 2'd0;
      at_outer <= 2'd0;
    end else if (step) begin
      at_inner <= at_inner + 6'd1;
      if (inner_last) begin
        at_inner <= 6'd0;
        at_middle <= at_middle + 2'd1;
      end
      address <= address + 8'd1;
      if (middle_last) begin
        address <= 8'd0;
        at_middle <= 2'd0;
        at_outer <= at_outer + 2'd1;
      end
      if (last) begin
        address <= 8'd0;
        at_outer <= 2'd0;
      end
    end
  end
endmodule

// Words of A into their scratchpad.
module systolic_core_load_a (
  input  wire clk,
  input  wire rst,
  input  wire tiles_valid,
  input  wire [16:0] tiles_payload,
  input  wire free,
  input  wire words_valid,
  output wire words_ready,
  output wire write,
  output wire filled,
  output wire [7:0] write_address
);
  wire walk_last;

  wire [5:0] tiles_payload_m = tiles_payload[5:0];
  wire [1:0] tiles_payload_k = tiles_payload[9:8];

  assign words_ready = tiles_valid & free;
  assign write = words_valid & words_ready;
  assign filled = write & walk_last;

  systolic_core_load_a_walk walk (
    .clk(clk),
    .rst(rst),
    .step(write),
    .inner(tiles_payload_m),
    .middle(tiles_payload_k),
    .last(walk_last),
    .address(write_address)
  );
endmodule

module systolic_core_load_a_walk (
  input  wire clk,
  input  wire rst,
  input  wire step,
  input  wire [5:0] inner,
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

// The PEs, and the registers that bring rows and columns into step.
module systolic_core_array (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire activations_valid,
  input  wire [64:0] activations_payload,
  input  wire weights_valid,
  input  wire [63:0] weights_payload,
  output wire activations_ready,
  output wire weights_ready,
  output wire results_valid,
  output wire [256:0] results_payload
);
  reg  begins = 1'b1;
  reg  [3:0] loaded = 4'd0;
  reg  moving_1 = 1'b0;
  reg  [2:0] left_1 = 3'd0;
  reg  moving_2 = 1'b0;
  reg  [2:0] left_2 = 3'd0;
  reg  moving_3 = 1'b0;
  reg  [2:0] left_3 = 3'd0;
  reg  moving_4 = 1'b0;
  reg  [2:0] left_4 = 3'd0;
  reg  moving_5 = 1'b0;
  reg  [2:0] left_5 = 3'd0;
  reg  moving_6 = 1'b0;
  reg  [2:0] left_6 = 3'd0;
  reg  moving_7 = 1'b0;
  reg  [2:0] left_7 = 3'd0;
  reg  [7:0] weight = 8'd0;
  reg  [7:0] delay_9 = 8'd0;
  reg  [7:0] weight_2 = 8'd0;
  reg  [7:0] delay_10 = 8'd0;
  reg  [7:0] delay_11 = 8'd0;
  reg  [7:0] weight_3 = 8'd0;
  reg  [7:0] delay_12 = 8'd0;
  reg  [7:0] delay_13 = 8'd0;
  reg  [7:0] delay_14 = 8'd0;
  reg  [7:0] weight_4 = 8'd0;
  reg  [7:0] delay_15 = 8'd0;
  reg  [7:0] delay_16 = 8'd0;
  reg  [7:0] delay_17 = 8'd0;
  reg  [7:0] delay_18 = 8'd0;
  reg  [7:0] weight_5 = 8'd0;
  reg  [7:0] delay_19 = 8'd0;
  reg  [7:0] delay_20 = 8'd0;
  reg  [7:0] delay_21 = 8'd0;
  reg  [7:0] delay_22 = 8'd0;
  reg  [7:0] delay_23 = 8'd0;
  reg  [7:0] weight_6 = 8'd0;
  reg  [7:0] delay_24 = 8'd0;
  reg  [7:0] delay_25 = 8'd0;
  reg  [7:0] delay_26 = 8'd0;
  reg  [7:0] delay_27 = 8'd0;
  reg  [7:0] delay_28 = 8'd0;
  reg  [7:0] delay_29 = 8'd0;
  reg  [7:0] weight_7 = 8'd0;
  reg  [7:0] activation = 8'd0;
  reg  swap = 1'b0;
  reg  [7:0] delay_30 = 8'd0;
  reg  [7:0] activation_2 = 8'd0;
  reg  delay_31 = 1'b0;
  reg  swap_2 = 1'b0;
  reg  [7:0] delay_32 = 8'd0;
  reg  [7:0] delay_33 = 8'd0;
  reg  [7:0] activation_3 = 8'd0;
  reg  delay_34 = 1'b0;
  reg  delay_35 = 1'b0;
  reg  swap_3 = 1'b0;
  reg  [7:0] delay_36 = 8'd0;
  reg  [7:0] delay_37 = 8'd0;
  reg  [7:0] delay_38 = 8'd0;
  reg  [7:0] activation_4 = 8'd0;
  reg  delay_39 = 1'b0;
  reg  delay_40 = 1'b0;
  reg  delay_41 = 1'b0;
  reg  swap_4 = 1'b0;
  reg  [7:0] delay_42 = 8'd0;
  reg  [7:0] delay_43 = 8'd0;
  reg  [7:0] delay_44 = 8'd0;
  reg  [7:0] delay_45 = 8'd0;
  reg  [7:0] activation_5 = 8'd0;
  reg  delay_46 = 1'b0;
  reg  delay_47 = 1'b0;
  reg  delay_48 = 1'b0;
  reg  delay_49 = 1'b0;
  reg  swap_5 = 1'b0;
  reg  [7:0] delay_50 = 8'd0;
  reg  [7:0] delay_51 = 8'd0;
  reg  [7:0] delay_52 = 8'd0;
  reg  [7:0] delay_53 = 8'd0;
  reg  [7:0] delay_54 = 8'd0;
  reg  [7:0] activation_6 = 8'd0;
  reg  delay_55 = 1'b0;
  reg  delay_56 = 1'b0;
  reg  delay_57 = 1'b0;
  reg  delay_58 = 1'b0;
  reg  delay_59 = 1'b0;
  reg  swap_6 = 1'b0;
  reg  [7:0] delay_60 = 8'd0;
  reg  [7:0] delay_61 = 8'd0;
  reg  [7:0] delay_62 = 8'd0;
  reg  [7:0] delay_63 = 8'd0;
  reg  [7:0] delay_64 = 8'd0;
  reg  [7:0] delay_65 = 8'd0;
  reg  [7:0] activation_7 = 8'd0;
  reg  delay_66 = 1'b0;
  reg  delay_67 = 1'b0;
  reg  delay_68 = 1'b0;
  reg  delay_69 = 1'b0;
  reg  delay_70 = 1'b0;
  reg  delay_71 = 1'b0;
  reg  swap_7 = 1'b0;
  reg  [31:0] delay_72 = 32'd0;
  reg  [31:0] delay_73 = 32'd0;
  reg  [31:0] delay_74 = 32'd0;
  reg  [31:0] delay_75 = 32'd0;
  reg  [31:0] delay_76 = 32'd0;
  reg  [31:0] delay_77 = 32'd0;
  reg  [31:0] delay_2 = 32'd0;
  reg  [31:0] delay_78 = 32'd0;
  reg  [31:0] delay_79 = 32'd0;
  reg  [31:0] delay_80 = 32'd0;
  reg  [31:0] delay_81 = 32'd0;
  reg  [31:0] delay_82 = 32'd0;
  reg  [31:0] delay_3 = 32'd0;
  reg  [31:0] delay_83 = 32'd0;
  reg  [31:0] delay_84 = 32'd0;
  reg  [31:0] delay_85 = 32'd0;
  reg  [31:0] delay_86 = 32'd0;
  reg  [31:0] delay_4 = 32'd0;
  reg  [31:0] delay_87 = 32'd0;
  reg  [31:0] delay_88 = 32'd0;
  reg  [31:0] delay_89 = 32'd0;
  reg  [31:0] delay_5 = 32'd0;
  reg  [31:0] delay_90 = 32'd0;
  reg  [31:0] delay_91 = 32'd0;
  reg  [31:0] delay_6 = 32'd0;
  reg  [31:0] delay_92 = 32'd0;
  reg  [31:0] delay_7 = 32'd0;
  reg  [31:0] delay_8 = 32'd0;
  reg  delay_93 = 1'b0;
  reg  delay_94 = 1'b0;
  reg  delay_95 = 1'b0;
  reg  delay_96 = 1'b0;
  reg  delay_97 = 1'b0;
  reg  delay_98 = 1'b0;
  reg  delay_99 = 1'b0;
  reg  delay_100 = 1'b0;
  reg  delay_101 = 1'b0;
  reg  delay_102 = 1'b0;
  reg  delay_103 = 1'b0;
  reg  delay_104 = 1'b0;
  reg  delay_105 = 1'b0;
  reg  delay_106 = 1'b0;
  reg  delay_107 = 1'b0;
  reg  delay_108 = 1'b0;
  reg  delay_109 = 1'b0;
  reg  delay_110 = 1'b0;
  reg  delay_111 = 1'b0;
  reg  delay = 1'b0;
  reg  delay_112 = 1'b0;
  reg  delay_113 = 1'b0;
  reg  delay_114 = 1'b0;
  reg  delay_115 = 1'b0;
  reg  delay_116 = 1'b0;
  reg  delay_117 = 1'b0;
  reg  delay_118 = 1'b0;
  reg  delay_119 = 1'b0;
  reg  delay_120 = 1'b0;
  reg  delay_121 = 1'b0;
  reg  delay_122 = 1'b0;
  reg  delay_123 = 1'b0;
  reg  delay_124 = 1'b0;
  reg  delay_125 = 1'b0;
  reg  delay_126 = 1'b0;
  reg  delay_127 = 1'b0;
  reg  delay_128 = 1'b0;
  reg  delay_129 = 1'b0;
  reg  delay_130 = 1'b0;
  reg  i_valid = 1'b0;

  wire pe_0_0_take;
  wire pe_1_0_take;
  wire pe_2_0_take;
  wire pe_3_0_take;
  wire pe_4_0_take;
  wire pe_5_0_take;
  wire pe_6_0_take;
  wire pe_7_0_take;
  wire pe_0_0_swap;
  wire [2:0] position;
  wire [256:0] buffer_i_payload;
  wire buffer_i_ready;
  wire [7:0] pe_0_0_activation_out;
  wire pe_0_0_swap_out;
  wire [7:0] pe_0_0_weight_out;
  wire pe_0_0_take_out;
  wire [31:0] pe_0_0_result;
  wire [7:0] pe_0_1_activation_out;
  wire pe_0_1_swap_out;
  wire [7:0] pe_0_1_weight_out;
  wire pe_0_1_take_out;
  wire [31:0] pe_0_1_result;
  wire [7:0] pe_0_2_activation_out;
  wire pe_0_2_swap_out;
  wire [7:0] pe_0_2_weight_out;
  wire pe_0_2_take_out;
  wire [31:0] pe_0_2_result;
  wire [7:0] pe_0_3_activation_out;
  wire pe_0_3_swap_out;
  wire [7:0] pe_0_3_weight_out;
  wire pe_0_3_take_out;
  wire [31:0] pe_0_3_result;
  wire [7:0] pe_0_4_activation_out;
  wire pe_0_4_swap_out;
  wire [7:0] pe_0_4_weight_out;
  wire pe_0_4_take_out;
  wire [31:0] pe_0_4_result;
  wire [7:0] pe_0_5_activation_out;
  wire pe_0_5_swap_out;
  wire [7:0] pe_0_5_weight_out;
  wire pe_0_5_take_out;
  wire [31:0] pe_0_5_result;
  wire [7:0] pe_0_6_activation_out;
  wire pe_0_6_swap_out;
  wire [7:0] pe_0_6_weight_out;
  wire pe_0_6_take_out;
  wire [31:0] pe_0_6_result;
  wire [7:0] pe_0_7_weight_out;
  wire [31:0] pe_0_7_result;
  wire [7:0] pe_1_0_activation_out;
  wire pe_1_0_swap_out;
  wire [7:0] pe_1_0_weight_out;
  wire pe_1_0_take_out;
  wire [31:0] pe_1_0_result;
  wire [7:0] pe_1_1_activation_out;
  wire pe_1_1_swap_out;
  wire [7:0] pe_1_1_weight_out;
  wire pe_1_1_take_out;
  wire [31:0] pe_1_1_result;
  wire [7:0] pe_1_2_activation_out;
  wire pe_1_2_swap_out;
  wire [7:0] pe_1_2_weight_out;
  wire pe_1_2_take_out;
  wire [31:0] pe_1_2_result;
  wire [7:0] pe_1_3_activation_out;
  wire pe_1_3_swap_out;
  wire [7:0] pe_1_3_weight_out;
  wire pe_1_3_take_out;
  wire [31:0] pe_1_3_result;
  wire [7:0] pe_1_4_activation_out;
  wire pe_1_4_swap_out;
  wire [7:0] pe_1_4_weight_out;
  wire pe_1_4_take_out;
  wire [31:0] pe_1_4_result;
  wire [7:0] pe_1_5_activation_out;
  wire pe_1_5_swap_out;
  wire [7:0] pe_1_5_weight_out;
  wire pe_1_5_take_out;
  wire [31:0] pe_1_5_result;
  wire [7:0] pe_1_6_activation_out;
  wire pe_1_6_swap_out;
  wire [7:0] pe_1_6_weight_out;
  wire pe_1_6_take_out;
  wire [31:0] pe_1_6_result;
  wire [7:0] pe_1_7_weight_out;
  wire [31:0] pe_1_7_result;
  wire [7:0] pe_2_0_activation_out;
  wire pe_2_0_swap_out;
  wire [7:0] pe_2_0_weight_out;
  wire pe_2_0_take_out;
  wire [31:0] pe_2_0_result;
  wire [7:0] pe_2_1_activation_out;
  wire pe_2_1_swap_out;
  wire [7:0] pe_2_1_weight_out;
  wire pe_2_1_take_out;
  wire [31:0] pe_2_1_result;
  wire [7:0] pe_2_2_activation_out;
  wire pe_2_2_swap_out;
  wire [7:0] pe_2_2_weight_out;
  wire pe_2_2_take_out;
  wire [31:0] pe_2_2_result;
  wire [7:0] pe_2_3_activation_out;
  wire pe_2_3_swap_out;
  wire [7:0] pe_2_3_weight_out;
  wire pe_2_3_take_out;
  wire [31:0] pe_2_3_result;
  wire [7:0] pe_2_4_activation_out;
  wire pe_2_4_swap_out;
  wire [7:0] pe_2_4_weight_out;
  wire pe_2_4_take_out;
  wire [31:0] pe_2_4_result;
  wire [7:0] pe_2_5_activation_out;
  wire pe_2_5_swap_out;
  wire [7:0] pe_2_5_weight_out;
  wire pe_2_5_take_out;
  wire [31:0] pe_2_5_result;
  wire [7:0] pe_2_6_activation_out;
  wire pe_2_6_swap_out;
  wire [7:0] pe_2_6_weight_out;
  wire pe_2_6_take_out;
  wire [31:0] pe_2_6_result;
  wire [7:0] pe_2_7_weight_out;
  wire [31:0] pe_2_7_result;
  wire [7:0] pe_3_0_activation_out;
  wire pe_3_0_swap_out;
  wire [7:0] pe_3_0_weight_out;
  wire pe_3_0_take_out;
  wire [31:0] pe_3_0_result;
  wire [7:0] pe_3_1_activation_out;
  wire pe_3_1_swap_out;
  wire [7:0] pe_3_1_weight_out;
  wire pe_3_1_take_out;
  wire [31:0] pe_3_1_result;
  wire [7:0] pe_3_2_activation_out;
  wire pe_3_2_swap_out;
  wire [7:0] pe_3_2_weight_out;
  wire pe_3_2_take_out;
  wire [31:0] pe_3_2_result;
  wire [7:0] pe_3_3_activation_out;
  wire pe_3_3_swap_out;
  wire [7:0] pe_3_3_weight_out;
  wire pe_3_3_take_out;
  wire [31:0] pe_3_3_result;
  wire [7:0] pe_3_4_activation_out;
  wire pe_3_4_swap_out;
  wire [7:0] pe_3_4_weight_out;
  wire pe_3_4_take_out;
  wire [31:0] pe_3_4_result;
  wire [7:0] pe_3_5_activation_out;
  wire pe_3_5_swap_out;
  wire [7:0] pe_3_5_weight_out;
  wire pe_3_5_take_out;
  wire [31:0] pe_3_5_result;
  wire [7:0] pe_3_6_activation_out;
  wire pe_3_6_swap_out;
  wire [7:0] pe_3_6_weight_out;
  wire pe_3_6_take_out;
  wire [31:0] pe_3_6_result;
  wire [7:0] pe_3_7_weight_out;
  wire [31:0] pe_3_7_result;
  wire [7:0] pe_4_0_activation_out;
  wire pe_4_0_swap_out;
  wire [7:0] pe_4_0_weight_out;
  wire pe_4_0_take_out;
  wire [31:0] pe_4_0_result;
  wire [7:0] pe_4_1_activation_out;
  wire pe_4_1_swap_out;
  wire [7:0] pe_4_1_weight_out;
  wire pe_4_1_take_out;
  wire [31:0] pe_4_1_result;
  wire [7:0] pe_4_2_activation_out;
  wire pe_4_2_swap_out;
  wire [7:0] pe_4_2_weight_out;
  wire pe_4_2_take_out;
  wire [31:0] pe_4_2_result;
  wire [7:0] pe_4_3_activation_out;
  wire pe_4_3_swap_out;
  wire [7:0] pe_4_3_weight_out;
  wire pe_4_3_take_out;
  wire [31:0] pe_4_3_result;
  wire [7:0] pe_4_4_activation_out;
  wire pe_4_4_swap_out;
  wire [7:0] pe_4_4_weight_out;
  wire pe_4_4_take_out;
  wire [31:0] pe_4_4_result;
  wire [7:0] pe_4_5_activation_out;
  wire pe_4_5_swap_out;
  wire [7:0] pe_4_5_weight_out;
  wire pe_4_5_take_out;
  wire [31:0] pe_4_5_result;
  wire [7:0] pe_4_6_activation_out;
  wire pe_4_6_swap_out;
  wire [7:0] pe_4_6_weight_out;
  wire pe_4_6_take_out;
  wire [31:0] pe_4_6_result;
  wire [7:0] pe_4_7_weight_out;
  wire [31:0] pe_4_7_result;
  wire [7:0] pe_5_0_activation_out;
  wire pe_5_0_swap_out;
  wire [7:0] pe_5_0_weight_out;
  wire pe_5_0_take_out;
  wire [31:0] pe_5_0_result;
  wire [7:0] pe_5_1_activation_out;
  wire pe_5_1_swap_out;
  wire [7:0] pe_5_1_weight_out;
  wire pe_5_1_take_out;
  wire [31:0] pe_5_1_result;
  wire [7:0] pe_5_2_activation_out;
  wire pe_5_2_swap_out;
  wire [7:0] pe_5_2_weight_out;
  wire pe_5_2_take_out;
  wire [31:0] pe_5_2_result;
  wire [7:0] pe_5_3_activation_out;
  wire pe_5_3_swap_out;
  wire [7:0] pe_5_3_weight_out;
  wire pe_5_3_take_out;
  wire [31:0] pe_5_3_result;
  wire [7:0] pe_5_4_activation_out;
  wire pe_5_4_swap_out;
  wire [7:0] pe_5_4_weight_out;
  wire pe_5_4_take_out;
  wire [31:0] pe_5_4_result;
  wire [7:0] pe_5_5_activation_out;
  wire pe_5_5_swap_out;
  wire [7:0] pe_5_5_weight_out;
  wire pe_5_5_take_out;
  wire [31:0] pe_5_5_result;
  wire [7:0] pe_5_6_activation_out;
  wire pe_5_6_swap_out;
  wire [7:0] pe_5_6_weight_out;
  wire pe_5_6_take_out;
  wire [31:0] pe_5_6_result;
  wire [7:0] pe_5_7_weight_out;
  wire [31:0] pe_5_7_result;
  wire [7:0] pe_6_0_activation_out;
  wire pe_6_0_swap_out;
  wire [7:0] pe_6_0_weight_out;
  wire pe_6_0_take_out;
  wire [31:0] pe_6_0_result;
  wire [7:0] pe_6_1_activation_out;
  wire pe_6_1_swap_out;
  wire [7:0] pe_6_1_weight_out;
  wire pe_6_1_take_out;
  wire [31:0] pe_6_1_result;
  wire [7:0] pe_6_2_activation_out;
  wire pe_6_2_swap_out;
  wire [7:0] pe_6_2_weight_out;
  wire pe_6_2_take_out;
  wire [31:0] pe_6_2_result;
  wire [7:0] pe_6_3_activation_out;
  wire pe_6_3_swap_out;
  wire [7:0] pe_6_3_weight_out;
  wire pe_6_3_take_out;
  wire [31:0] pe_6_3_result;
  wire [7:0] pe_6_4_activation_out;
  wire pe_6_4_swap_out;
  wire [7:0] pe_6_4_weight_out;
  wire pe_6_4_take_out;
  wire [31:0] pe_6_4_result;
  wire [7:0] pe_6_5_activation_out;
  wire pe_6_5_swap_out;
  wire [7:0] pe_6_5_weight_out;
  wire pe_6_5_take_out;
  wire [31:0] pe_6_5_result;
  wire [7:0] pe_6_6_activation_out;
  wire pe_6_6_swap_out;
  wire [7:0] pe_6_6_weight_out;
  wire pe_6_6_take_out;
  wire [31:0] pe_6_6_result;
  wire [7:0] pe_6_7_weight_out;
  wire [31:0] pe_6_7_result;
  wire [7:0] pe_7_0_activation_out;
  wire pe_7_0_swap_out;
  wire pe_7_0_take_out;
  wire [31:0] pe_7_0_result;
  wire [7:0] pe_7_1_activation_out;
  wire pe_7_1_swap_out;
  wire pe_7_1_take_out;
  wire [31:0] pe_7_1_result;
  wire [7:0] pe_7_2_activation_out;
  wire pe_7_2_swap_out;
  wire pe_7_2_take_out;
  wire [31:0] pe_7_2_result;
  wire [7:0] pe_7_3_activation_out;
  wire pe_7_3_swap_out;
  wire pe_7_3_take_out;
  wire [31:0] pe_7_3_result;
  wire [7:0] pe_7_4_activation_out;
  wire pe_7_4_swap_out;
  wire pe_7_4_take_out;
  wire [31:0] pe_7_4_result;
  wire [7:0] pe_7_5_activation_out;
  wire pe_7_5_swap_out;
  wire pe_7_5_take_out;
  wire [31:0] pe_7_5_result;
  wire [7:0] pe_7_6_activation_out;
  wire pe_7_6_swap_out;
  wire pe_7_6_take_out;
  wire [31:0] pe_7_6_result;
  wire [31:0] pe_7_7_result;

  wire [7:0] activations_payload_values_0 = activations_payload[7:0];
  wire [7:0] activations_payload_values_1 = activations_payload[15:8];
  wire [7:0] activations_payload_values_2 = activations_payload[23:16];
  wire [7:0] activations_payload_values_3 = activations_payload[31:24];
  wire [7:0] activations_payload_values_4 = activations_payload[39:32];
  wire [7:0] activations_payload_values_5 = activations_payload[47:40];
  wire [7:0] activations_payload_values_6 = activations_payload[55:48];
  wire [7:0] activations_payload_values_7 = activations_payload[63:56];
  wire activations_payload_last = activations_payload[64];
  wire [7:0] weights_payload_0 = weights_payload[7:0];
  wire [7:0] weights_payload_1 = weights_payload[15:8];
  wire [7:0] weights_payload_2 = weights_payload[23:16];
  wire [7:0] weights_payload_3 = weights_payload[31:24];
  wire [7:0] weights_payload_4 = weights_payload[39:32];
  wire [7:0] weights_payload_5 = weights_payload[47:40];
  wire [7:0] weights_payload_6 = weights_payload[55:48];
  wire [7:0] weights_payload_7 = weights_payload[63:56];

  assign activations_ready = buffer_i_ready & (~begins | (loaded == 4'd8));
  assign weights_ready = buffer_i_ready & (~(loaded == 4'd8) | (activations_valid &
      activations_ready & begins));
  assign pe_0_0_take = weights_valid & weights_ready & (position == 3'd0);
  assign pe_1_0_take = moving_1 & (left_1 == 3'd0);
  assign pe_2_0_take = moving_2 & (left_2 == 3'd0);
  assign pe_3_0_take = moving_3 & (left_3 == 3'd0);
  assign pe_4_0_take = moving_4 & (left_4 == 3'd0);
  assign pe_5_0_take = moving_5 & (left_5 == 3'd0);
  assign pe_6_0_take = moving_6 & (left_6 == 3'd0);
  assign pe_7_0_take = moving_7 & (left_7 == 3'd0);
  assign pe_0_0_swap = activations_valid & activations_ready & begins;
  assign position = activations_valid & activations_ready & begins ? 3'd0 : loaded[2:0];
  assign buffer_i_payload[255:0] = {pe_7_7_result, delay_8, delay_7, delay_6, delay_5, delay_4,
      delay_3, delay_2};
  assign buffer_i_payload[256] = delay;

  always @(posedge clk) begin
    if (rst) begin
      begins <= 1'b1;
      loaded <= 4'd0;
      moving_1 <= 1'b0;
      moving_2 <= 1'b0;
      moving_3 <= 1'b0;
      moving_4 <= 1'b0;
      moving_5 <= 1'b0;
      moving_6 <= 1'b0;
      moving_7 <= 1'b0;
      weight <= 8'd0;
      delay_9 <= 8'd0;
      weight_2 <= 8'd0;
      delay_10 <= 8'd0;
      delay_11 <= 8'd0;
      weight_3 <= 8'd0;
      delay_12 <= 8'd0;
      delay_13 <= 8'd0;
      delay_14 <= 8'd0;
      weight_4 <= 8'd0;
      delay_15 <= 8'd0;
      delay_16 <= 8'd0;
      delay_17 <= 8'd0;
      delay_18 <= 8'd0;
      weight_5 <= 8'd0;
      delay_19 <= 8'd0;
      delay_20 <= 8'd0;
      delay_21 <= 8'd0;
      delay_22 <= 8'd0;
      delay_23 <= 8'd0;
      weight_6 <= 8'd0;
      delay_24 <= 8'd0;
      delay_25 <= 8'd0;
      delay_26 <= 8'd0;
      delay_27 <= 8'd0;
      delay_28 <= 8'd0;
      delay_29 <= 8'd0;
      weight_7 <= 8'd0;
      activation <= 8'd0;
      swap <= 1'b0;
      delay_30 <= 8'd0;
      activation_2 <= 8'd0;
      delay_31 <= 1'b0;
      swap_2 <= 1'b0;
      delay_32 <= 8'd0;
      delay_33 <= 8'd0;
      activation_3 <= 8'd0;
      delay_34 <= 1'b0;
      delay_35 <= 1'b0;
      swap_3 <= 1'b0;
      delay_36 <= 8'd0;
      delay_37 <= 8'd0;
      delay_38 <= 8'd0;
      activation_4 <= 8'd0;
      delay_39 <= 1'b0;
      delay_40 <= 1'b0;
      delay_41 <= 1'b0;
      swap_4 <= 1'b0;
      delay_42 <= 8'd0;
      delay_43 <= 8'd0;
      delay_44 <= 8'd0;
      delay_45 <= 8'd0;
      activation_5 <= 8'd0;
      delay_46 <= 1'b0;
      delay_47 <= 1'b0;
      delay_48 <= 1'b0;
      delay_49 <= 1'b0;
      swap_5 <= 1'b0;
      delay_50 <= 8'd0;
      delay_51 <= 8'd0;
      delay_52 <= 8'd0;
      delay_53 <= 8'd0;
      delay_54 <= 8'd0;
      activation_6 <= 8'd0;
      delay_55 <= 1'b0;
      delay_56 <= 1'b0;
      delay_57 <= 1'b0;
      delay_58 <= 1'b0;
      delay_59 <= 1'b0;
      swap_6 <= 1'b0;
      delay_60 <= 8'd0;
      delay_61 <= 8'd0;
      delay_62 <= 8'd0;
      delay_63 <= 8'd0;
      delay_64 <= 8'd0;
      delay_65 <= 8'd0;
      activation_7 <= 8'd0;
      delay_66 <= 1'b0;
      delay_67 <= 1'b0;
      delay_68 <= 1'b0;
      delay_69 <= 1'b0;
      delay_70 <= 1'b0;
      delay_71 <= 1'b0;
      swap_7 <= 1'b0;
      delay_72 <= 32'd0;
      delay_73 <= 32'd0;
      delay_74 <= 32'd0;
      delay_75 <= 32'd0;
      delay_76 <= 32'd0;
      delay_77 <= 32'd0;
      delay_2 <= 32'd0;
      delay_78 <= 32'd0;
      delay_79 <= 32'd0;
      delay_80 <= 32'd0;
      delay_81 <= 32'd0;
      delay_82 <= 32'd0;
      delay_3 <= 32'd0;
      delay_83 <= 32'd0;
      delay_84 <= 32'd0;
      delay_85 <= 32'd0;
      delay_86 <= 32'd0;
      delay_4 <= 32'd0;
      delay_87 <= 32'd0;
      delay_88 <= 32'd0;
      delay_89 <= 32'd0;
      delay_5 <= 32'd0;
      delay_90 <= 32'd0;
      delay_91 <= 32'd0;
      delay_6 <= 32'd0;
      delay_92 <= 32'd0;
      delay_7 <= 32'd0;
      delay_8 <= 32'd0;
      delay_93 <= 1'b0;
      delay_94 <= 1'b0;
      delay_95 <= 1'b0;
      delay_96 <= 1'b0;
      delay_97 <= 1'b0;
      delay_98 <= 1'b0;
      delay_99 <= 1'b0;
      delay_100 <= 1'b0;
      delay_101 <= 1'b0;
      delay_102 <= 1'b0;
      delay_103 <= 1'b0;
      delay_104 <= 1'b0;
      delay_105 <= 1'b0;
      delay_106 <= 1'b0;
      delay_107 <= 1'b0;
      delay_108 <= 1'b0;
      delay_109 <= 1'b0;
      delay_110 <= 1'b0;
      delay_111 <= 1'b0;
      delay <= 1'b0;
      delay_112 <= 1'b0;
      delay_113 <= 1'b0;
      delay_114 <= 1'b0;
      delay_115 <= 1'b0;
      delay_116 <= 1'b0;
      delay_117 <= 1'b0;
      delay_118 <= 1'b0;
      delay_119 <= 1'b0;
      delay_120 <= 1'b0;
      delay_121 <= 1'b0;
      delay_122 <= 1'b0;
      delay_123 <= 1'b0;
      delay_124 <= 1'b0;
      delay_125 <= 1'b0;
      delay_126 <= 1'b0;
      delay_127 <= 1'b0;
      delay_128 <= 1'b0;
      delay_129 <= 1'b0;
      delay_130 <= 1'b0;
      i_valid <= 1'b0;
    end else begin
      if (activations_valid & activations_ready) begins <= activations_payload_last;
      if (activations_valid & activations_ready & begins) begin
        loaded <= {3'd0, weights_valid & weights_ready};
      end else if (weights_valid & weights_ready) begin
        loaded <= loaded + 4'd1;
      end
      if (buffer_i_ready) begin
        moving_1 <= weights_valid & weights_ready & (position != 3'd0);
        moving_2 <= moving_1 & (left_1 != 3'd0);
        moving_3 <= moving_2 & (left_2 != 3'd0);
        moving_4 <= moving_3 & (left_3 != 3'd0);
        moving_5 <= moving_4 & (left_4 != 3'd0);
        moving_6 <= moving_5 & (left_5 != 3'd0);
        moving_7 <= moving_6 & (left_6 != 3'd0);
        weight <= weights_payload_1;
        delay_9 <= weights_payload_2;
        weight_2 <= delay_9;
        delay_10 <= weights_payload_3;
        delay_11 <= delay_10;
        weight_3 <= delay_11;
        delay_12 <= weights_payload_4;
        delay_13 <= delay_12;
        delay_14 <= delay_13;
        weight_4 <= delay_14;
        delay_15 <= weights_payload_5;
        delay_16 <= delay_15;
        delay_17 <= delay_16;
        delay_18 <= delay_17;
        weight_5 <= delay_18;
        delay_19 <= weights_payload_6;
        delay_20 <= delay_19;
        delay_21 <= delay_20;
        delay_22 <= delay_21;
        delay_23 <= delay_22;
        weight_6 <= delay_23;
        delay_24 <= weights_payload_7;
        delay_25 <= delay_24;
        delay_26 <= delay_25;
        delay_27 <= delay_26;
        delay_28 <= delay_27;
        delay_29 <= delay_28;
        weight_7 <= delay_29;
        activation <= activations_payload_values_1;
        swap <= activations_valid & activations_ready & begins;
        delay_30 <= activations_payload_values_2;
        activation_2 <= delay_30;
        delay_31 <= activations_valid & activations_ready & begins;
        swap_2 <= delay_31;
        delay_32 <= activations_payload_values_3;
        delay_33 <= delay_32;
        activation_3 <= delay_33;
        delay_34 <= activations_valid & activations_ready & begins;
        delay_35 <= delay_34;
        swap_3 <= delay_35;
        delay_36 <= activations_payload_values_4;
        delay_37 <= delay_36;
        delay_38 <= delay_37;
        activation_4 <= delay_38;
        delay_39 <= activations_valid & activations_ready & begins;
        delay_40 <= delay_39;
        delay_41 <= delay_40;
        swap_4 <= delay_41;
        delay_42 <= activations_payload_values_5;
        delay_43 <= delay_42;
        delay_44 <= delay_43;
        delay_45 <= delay_44;
        activation_5 <= delay_45;
        delay_46 <= activations_valid & activations_ready & begins;
        delay_47 <= delay_46;
        delay_48 <= delay_47;
        delay_49 <= delay_48;
        swap_5 <= delay_49;
        delay_50 <= activations_payload_values_6;
        delay_51 <= delay_50;
        delay_52 <= delay_51;
        delay_53 <= delay_52;
        delay_54 <= delay_53;
        activation_6 <= delay_54;
        delay_55 <= activations_valid & activations_ready & begins;
        delay_56 <= delay_55;
        delay_57 <= delay_56;
        delay_58 <= delay_57;
        delay_59 <= delay_58;
        swap_6 <= delay_59;
        delay_60 <= activations_payload_values_7;
        delay_61 <= delay_60;
        delay_62 <= delay_61;
        delay_63 <= delay_62;
        delay_64 <= delay_63;
        delay_65 <= delay_64;
        activation_7 <= delay_65;
        delay_66 <= activations_valid & activations_ready & begins;
        delay_67 <= delay_66;
        delay_68 <= delay_67;
        delay_69 <= delay_68;
        delay_70 <= delay_69;
        delay_71 <= delay_70;
        swap_7 <= delay_71;
        delay_72 <= pe_7_0_result;
        delay_73 <= delay_72;
        delay_74 <= delay_73;
        delay_75 <= delay_74;
        delay_76 <= delay_75;
        delay_77 <= delay_76;
        delay_2 <= delay_77;
        delay_78 <= pe_7_1_result;
        delay_79 <= delay_78;
        delay_80 <= delay_79;
        delay_81 <= delay_80;
        delay_82 <= delay_81;
        delay_3 <= delay_82;
        delay_83 <= pe_7_2_result;
        delay_84 <= delay_83;
        delay_85 <= delay_84;
        delay_86 <= delay_85;
        delay_4 <= delay_86;
        delay_87 <= pe_7_3_result;
        delay_88 <= delay_87;
        delay_89 <= delay_88;
        delay_5 <= delay_89;
        delay_90 <= pe_7_4_result;
        delay_91 <= delay_90;
        delay_6 <= delay_91;
        delay_92 <= pe_7_5_result;
        delay_7 <= delay_92;
        delay_8 <= pe_7_6_result;
        delay_93 <= activations_payload_last & activations_valid & activations_ready;
        delay_94 <= delay_93;
        delay_95 <= delay_94;
        delay_96 <= delay_95;
        delay_97 <= delay_96;
        delay_98 <= delay_97;
        delay_99 <= delay_98;
        delay_100 <= delay_99;
        delay_101 <= delay_100;
        delay_102 <= delay_101;
        delay_103 <= delay_102;
        delay_104 <= delay_103;
        delay_105 <= delay_104;
        delay_106 <= delay_105;
        delay_107 <= delay_106;
        delay_108 <= delay_107;
        delay_109 <= delay_108;
        delay_110 <= delay_109;
        delay_111 <= delay_110;
        delay <= delay_111;
        delay_112 <= activations_valid & activations_ready;
        delay_113 <= delay_112;
        delay_114 <= delay_113;
        delay_115 <= delay_114;
        delay_116 <= delay_115;
        delay_117 <= delay_116;
        delay_118 <= delay_117;
        delay_119 <= delay_118;
        delay_120 <= delay_119;
        delay_121 <= delay_120;
        delay_122 <= delay_121;
        delay_123 <= delay_122;
        delay_124 <= delay_123;
        delay_125 <= delay_124;
        delay_126 <= delay_125;
        delay_127 <= delay_126;
        delay_128 <= delay_127;
        delay_129 <= delay_128;
        delay_130 <= delay_129;
        i_valid <= delay_130;
      end
    end
  end

  always @(posedge clk) begin
    if (buffer_i_ready) begin
      left_1 <= position - 3'd1;
      left_2 <= left_1 - 3'd1;
      left_3 <= left_2 - 3'd1;
      left_4 <= left_3 - 3'd1;
      left_5 <= left_4 - 3'd1;
      left_6 <= left_5 - 3'd1;
      left_7 <= left_6 - 3'd1;
    end
  end

  systolic_core_array_buffer buffer (
    .clk(clk),
    .rst(rst),
    .o_ready(o_ready),
    .i_payload(buffer_i_payload),
    .i_valid(i_valid),
    .i_ready(buffer_i_ready),
    .o_valid(results_valid),
    .o_payload(results_payload)
  );
  systolic_pe pe_0_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activations_payload_values_0),
    .swap(pe_0_0_swap),
    .weight(weights_payload_0),
    .take(pe_0_0_take),
    .partial(32'd0),
    .activation_out(pe_0_0_activation_out),
    .swap_out(pe_0_0_swap_out),
    .weight_out(pe_0_0_weight_out),
    .take_out(pe_0_0_take_out),
    .result(pe_0_0_result)
  );
  systolic_pe pe_0_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_0_activation_out),
    .swap(pe_0_0_swap_out),
    .weight(weight),
    .take(pe_0_0_take_out),
    .partial(32'd0),
    .activation_out(pe_0_1_activation_out),
    .swap_out(pe_0_1_swap_out),
    .weight_out(pe_0_1_weight_out),
    .take_out(pe_0_1_take_out),
    .result(pe_0_1_result)
  );
  systolic_pe pe_0_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_1_activation_out),
    .swap(pe_0_1_swap_out),
    .weight(weight_2),
    .take(pe_0_1_take_out),
    .partial(32'd0),
    .activation_out(pe_0_2_activation_out),
    .swap_out(pe_0_2_swap_out),
    .weight_out(pe_0_2_weight_out),
    .take_out(pe_0_2_take_out),
    .result(pe_0_2_result)
  );
  systolic_pe pe_0_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_2_activation_out),
    .swap(pe_0_2_swap_out),
    .weight(weight_3),
    .take(pe_0_2_take_out),
    .partial(32'd0),
    .activation_out(pe_0_3_activation_out),
    .swap_out(pe_0_3_swap_out),
    .weight_out(pe_0_3_weight_out),
    .take_out(pe_0_3_take_out),
    .result(pe_0_3_result)
  );
  systolic_pe pe_0_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_3_activation_out),
    .swap(pe_0_3_swap_out),
    .weight(weight_4),
    .take(pe_0_3_take_out),
    .partial(32'd0),
    .activation_out(pe_0_4_activation_out),
    .swap_out(pe_0_4_swap_out),
    .weight_out(pe_0_4_weight_out),
    .take_out(pe_0_4_take_out),
    .result(pe_0_4_result)
  );
  systolic_pe pe_0_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_4_activation_out),
    .swap(pe_0_4_swap_out),
    .weight(weight_5),
    .take(pe_0_4_take_out),
    .partial(32'd0),
    .activation_out(pe_0_5_activation_out),
    .swap_out(pe_0_5_swap_out),
    .weight_out(pe_0_5_weight_out),
    .take_out(pe_0_5_take_out),
    .result(pe_0_5_result)
  );
  systolic_pe pe_0_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_5_activation_out),
    .swap(pe_0_5_swap_out),
    .weight(weight_6),
    .take(pe_0_5_take_out),
    .partial(32'd0),
    .activation_out(pe_0_6_activation_out),
    .swap_out(pe_0_6_swap_out),
    .weight_out(pe_0_6_weight_out),
    .take_out(pe_0_6_take_out),
    .result(pe_0_6_result)
  );
  systolic_pe pe_0_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_0_6_activation_out),
    .swap(pe_0_6_swap_out),
    .weight(weight_7),
    .take(pe_0_6_take_out),
    .partial(32'd0),
    .activation_out(),
    .swap_out(),
    .weight_out(pe_0_7_weight_out),
    .take_out(),
    .result(pe_0_7_result)
  );
  systolic_pe pe_1_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation),
    .swap(swap),
    .weight(pe_0_0_weight_out),
    .take(pe_1_0_take),
    .partial(pe_0_0_result),
    .activation_out(pe_1_0_activation_out),
    .swap_out(pe_1_0_swap_out),
    .weight_out(pe_1_0_weight_out),
    .take_out(pe_1_0_take_out),
    .result(pe_1_0_result)
  );
  systolic_pe pe_1_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_0_activation_out),
    .swap(pe_1_0_swap_out),
    .weight(pe_0_1_weight_out),
    .take(pe_1_0_take_out),
    .partial(pe_0_1_result),
    .activation_out(pe_1_1_activation_out),
    .swap_out(pe_1_1_swap_out),
    .weight_out(pe_1_1_weight_out),
    .take_out(pe_1_1_take_out),
    .result(pe_1_1_result)
  );
  systolic_pe pe_1_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_1_activation_out),
    .swap(pe_1_1_swap_out),
    .weight(pe_0_2_weight_out),
    .take(pe_1_1_take_out),
    .partial(pe_0_2_result),
    .activation_out(pe_1_2_activation_out),
    .swap_out(pe_1_2_swap_out),
    .weight_out(pe_1_2_weight_out),
    .take_out(pe_1_2_take_out),
    .result(pe_1_2_result)
  );
  systolic_pe pe_1_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_2_activation_out),
    .swap(pe_1_2_swap_out),
    .weight(pe_0_3_weight_out),
    .take(pe_1_2_take_out),
    .partial(pe_0_3_result),
    .activation_out(pe_1_3_activation_out),
    .swap_out(pe_1_3_swap_out),
    .weight_out(pe_1_3_weight_out),
    .take_out(pe_1_3_take_out),
    .result(pe_1_3_result)
  );
  systolic_pe pe_1_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_3_activation_out),
    .swap(pe_1_3_swap_out),
    .weight(pe_0_4_weight_out),
    .take(pe_1_3_take_out),
    .partial(pe_0_4_result),
    .activation_out(pe_1_4_activation_out),
    .swap_out(pe_1_4_swap_out),
    .weight_out(pe_1_4_weight_out),
    .take_out(pe_1_4_take_out),
    .result(pe_1_4_result)
  );
  systolic_pe pe_1_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_4_activation_out),
    .swap(pe_1_4_swap_out),
    .weight(pe_0_5_weight_out),
    .take(pe_1_4_take_out),
    .partial(pe_0_5_result),
    .activation_out(pe_1_5_activation_out),
    .swap_out(pe_1_5_swap_out),
    .weight_out(pe_1_5_weight_out),
    .take_out(pe_1_5_take_out),
    .result(pe_1_5_result)
  );
  systolic_pe pe_1_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_5_activation_out),
    .swap(pe_1_5_swap_out),
    .weight(pe_0_6_weight_out),
    .take(pe_1_5_take_out),
    .partial(pe_0_6_result),
    .activation_out(pe_1_6_activation_out),
    .swap_out(pe_1_6_swap_out),
    .weight_out(pe_1_6_weight_out),
    .take_out(pe_1_6_take_out),
    .result(pe_1_6_result)
  );
  systolic_pe pe_1_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_1_6_activation_out),
    .swap(pe_1_6_swap_out),
    .weight(pe_0_7_weight_out),
    .take(pe_1_6_take_out),
    .partial(pe_0_7_result),
    .activation_out(),
    .swap_out(),
    .weight_out(pe_1_7_weight_out),
    .take_out(),
    .result(pe_1_7_result)
  );
  systolic_pe pe_2_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_2),
    .swap(swap_2),
    .weight(pe_1_0_weight_out),
    .take(pe_2_0_take),
    .partial(pe_1_0_result),
    .activation_out(pe_2_0_activation_out),
    .swap_out(pe_2_0_swap_out),
    .weight_out(pe_2_0_weight_out),
    .take_out(pe_2_0_take_out),
    .result(pe_2_0_result)
  );
  systolic_pe pe_2_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_0_activation_out),
    .swap(pe_2_0_swap_out),
    .weight(pe_1_1_weight_out),
    .take(pe_2_0_take_out),
    .partial(pe_1_1_result),
    .activation_out(pe_2_1_activation_out),
    .swap_out(pe_2_1_swap_out),
    .weight_out(pe_2_1_weight_out),
    .take_out(pe_2_1_take_out),
    .result(pe_2_1_result)
  );
  systolic_pe pe_2_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_1_activation_out),
    .swap(pe_2_1_swap_out),
    .weight(pe_1_2_weight_out),
    .take(pe_2_1_take_out),
    .partial(pe_1_2_result),
    .activation_out(pe_2_2_activation_out),
    .swap_out(pe_2_2_swap_out),
    .weight_out(pe_2_2_weight_out),
    .take_out(pe_2_2_take_out),
    .result(pe_2_2_result)
  );
  systolic_pe pe_2_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_2_activation_out),
    .swap(pe_2_2_swap_out),
    .weight(pe_1_3_weight_out),
    .take(pe_2_2_take_out),
    .partial(pe_1_3_result),
    .activation_out(pe_2_3_activation_out),
    .swap_out(pe_2_3_swap_out),
    .weight_out(pe_2_3_weight_out),
    .take_out(pe_2_3_take_out),
    .result(pe_2_3_result)
  );
  systolic_pe pe_2_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_3_activation_out),
    .swap(pe_2_3_swap_out),
    .weight(pe_1_4_weight_out),
    .take(pe_2_3_take_out),
    .partial(pe_1_4_result),
    .activation_out(pe_2_4_activation_out),
    .swap_out(pe_2_4_swap_out),
    .weight_out(pe_2_4_weight_out),
    .take_out(pe_2_4_take_out),
    .result(pe_2_4_result)
  );
  systolic_pe pe_2_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_4_activation_out),
    .swap(pe_2_4_swap_out),
    .weight(pe_1_5_weight_out),
    .take(pe_2_4_take_out),
    .partial(pe_1_5_result),
    .activation_out(pe_2_5_activation_out),
    .swap_out(pe_2_5_swap_out),
    .weight_out(pe_2_5_weight_out),
    .take_out(pe_2_5_take_out),
    .result(pe_2_5_result)
  );
  systolic_pe pe_2_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_5_activation_out),
    .swap(pe_2_5_swap_out),
    .weight(pe_1_6_weight_out),
    .take(pe_2_5_take_out),
    .partial(pe_1_6_result),
    .activation_out(pe_2_6_activation_out),
    .swap_out(pe_2_6_swap_out),
    .weight_out(pe_2_6_weight_out),
    .take_out(pe_2_6_take_out),
    .result(pe_2_6_result)
  );
  systolic_pe pe_2_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_2_6_activation_out),
    .swap(pe_2_6_swap_out),
    .weight(pe_1_7_weight_out),
    .take(pe_2_6_take_out),
    .partial(pe_1_7_result),
    .activation_out(),
    .swap_out(),
    .weight_out(pe_2_7_weight_out),
    .take_out(),
    .result(pe_2_7_result)
  );
  systolic_pe pe_3_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_3),
    .swap(swap_3),
    .weight(pe_2_0_weight_out),
    .take(pe_3_0_take),
    .partial(pe_2_0_result),
    .activation_out(pe_3_0_activation_out),
    .swap_out(pe_3_0_swap_out),
    .weight_out(pe_3_0_weight_out),
    .take_out(pe_3_0_take_out),
    .result(pe_3_0_result)
  );
  systolic_pe pe_3_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_0_activation_out),
    .swap(pe_3_0_swap_out),
    .weight(pe_2_1_weight_out),
    .take(pe_3_0_take_out),
    .partial(pe_2_1_result),
    .activation_out(pe_3_1_activation_out),
    .swap_out(pe_3_1_swap_out),
    .weight_out(pe_3_1_weight_out),
    .take_out(pe_3_1_take_out),
    .result(pe_3_1_result)
  );
  systolic_pe pe_3_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_1_activation_out),
    .swap(pe_3_1_swap_out),
    .weight(pe_2_2_weight_out),
    .take(pe_3_1_take_out),
    .partial(pe_2_2_result),
    .activation_out(pe_3_2_activation_out),
    .swap_out(pe_3_2_swap_out),
    .weight_out(pe_3_2_weight_out),
    .take_out(pe_3_2_take_out),
    .result(pe_3_2_result)
  );
  systolic_pe pe_3_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_2_activation_out),
    .swap(pe_3_2_swap_out),
    .weight(pe_2_3_weight_out),
    .take(pe_3_2_take_out),
    .partial(pe_2_3_result),
    .activation_out(pe_3_3_activation_out),
    .swap_out(pe_3_3_swap_out),
    .weight_out(pe_3_3_weight_out),
    .take_out(pe_3_3_take_out),
    .result(pe_3_3_result)
  );
  systolic_pe pe_3_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_3_activation_out),
    .swap(pe_3_3_swap_out),
    .weight(pe_2_4_weight_out),
    .take(pe_3_3_take_out),
    .partial(pe_2_4_result),
    .activation_out(pe_3_4_activation_out),
    .swap_out(pe_3_4_swap_out),
    .weight_out(pe_3_4_weight_out),
    .take_out(pe_3_4_take_out),
    .result(pe_3_4_result)
  );
  systolic_pe pe_3_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_4_activation_out),
    .swap(pe_3_4_swap_out),
    .weight(pe_2_5_weight_out),
    .take(pe_3_4_take_out),
    .partial(pe_2_5_result),
    .activation_out(pe_3_5_activation_out),
    .swap_out(pe_3_5_swap_out),
    .weight_out(pe_3_5_weight_out),
    .take_out(pe_3_5_take_out),
    .result(pe_3_5_result)
  );
  systolic_pe pe_3_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_5_activation_out),
    .swap(pe_3_5_swap_out),
    .weight(pe_2_6_weight_out),
    .take(pe_3_5_take_out),
    .partial(pe_2_6_result),
    .activation_out(pe_3_6_activation_out),
    .swap_out(pe_3_6_swap_out),
    .weight_out(pe_3_6_weight_out),
    .take_out(pe_3_6_take_out),
    .result(pe_3_6_result)
  );
  systolic_pe pe_3_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_3_6_activation_out),
    .swap(pe_3_6_swap_out),
    .weight(pe_2_7_weight_out),
    .take(pe_3_6_take_out),
    .partial(pe_2_7_result),
    .activation_out(),
    .swap_out(),
    .weight_out(pe_3_7_weight_out),
    .take_out(),
    .result(pe_3_7_result)
  );
  systolic_pe pe_4_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_4),
    .swap(swap_4),
    .weight(pe_3_0_weight_out),
    .take(pe_4_0_take),
    .partial(pe_3_0_result),
    .activation_out(pe_4_0_activation_out),
    .swap_out(pe_4_0_swap_out),
    .weight_out(pe_4_0_weight_out),
    .take_out(pe_4_0_take_out),
    .result(pe_4_0_result)
  );
  systolic_pe pe_4_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_4_0_activation_out),
    .swap(pe_4_0_swap_out),
    .weight(pe_3_1_weight_out),
    .take(pe_4_0_take_out),
    .partial(pe_3_1_result),
    .activation_out(pe_4_1_activation_out),
    .swap_out(pe_4_1_swap_out),
    .weight_out(pe_4_1_weight_out),
    .take_out(pe_4_1_take_out),
    .result(pe_4_1_result)
  );
  systolic_pe pe_4_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_4_1_activation_out),
    .swap(pe_4_1_swap_out),
    .weight(pe_3_2_weight_out),
    .take(pe_4_1_take_out),
    .partial(pe_3_2_result),
    .activation_out(pe_4_2_activation_out),
    .swap_out(pe_4_2_swap_out),
    .weight_out(pe_4_2_weight_out),
    .take_out(pe_4_2_take_out),
    .result(pe_4_2_result)
  );
  systolic_pe pe_4_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_4_2_activation_out),
    .swap(pe_4_2_swap_out),
    .weight(pe_3_3_weight_out),
    .take(pe_4_2_take_out),
    .partial(pe_3_3_result),
    .activation_out(pe_4_3_activation_out),
    .swap_out(pe_4_3_swap_out),
    .weight_out(pe_4_3_weight_out),
    .take_out(pe_4_3_take_out),
    .result(pe_4_3_result)
  );
  systolic_pe pe_4_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_4_3_activation_out),
    .swap(pe_4_3_swap_out),
    .weight(pe_3_4_weight_out),
    .take(pe_4_3_take_out),
    .partial(pe_3_4_result),
    .activation_out(pe_4_4_activation_out),
    .swap_out(pe_4_4_swap_out),
    .weight_out(pe_4_4_weight_out),
    .take_out(pe_4_4_take_out),
    .result(pe_4_4_result)
  );
  systolic_pe pe_4_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_4_4_activation_out),
    .swap(pe_4_4_swap_out),
    .weight(pe_3_5_weight_out),
    .take(pe_4_4_take_out),
    .partial(pe_3_5_result),
    .activation_out(pe_4_5_activation_out),
    .swap_out(pe_4_5_swap_out),
    .weight_out(pe_4_5_weight_out),
    .take_out(pe_4_5_take_out),
    .result(pe_4_5_result)
  );
  systolic_pe pe_4_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_4_5_activation_out),
    .swap(pe_4_5_swap_out),
    .weight(pe_3_6_weight_out),
    .take(pe_4_5_take_out),
    .partial(pe_3_6_result),
    .activation_out(pe_4_6_activation_out),
    .swap_out(pe_4_6_swap_out),
    .weight_out(pe_4_6_weight_out),
    .take_out(pe_4_6_take_out),
    .result(pe_4_6_result)
  );
  systolic_pe pe_4_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_4_6_activation_out),
    .swap(pe_4_6_swap_out),
    .weight(pe_3_7_weight_out),
    .take(pe_4_6_take_out),
    .partial(pe_3_7_result),
    .activation_out(),
    .swap_out(),
    .weight_out(pe_4_7_weight_out),
    .take_out(),
    .result(pe_4_7_result)
  );
  systolic_pe pe_5_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_5),
    .swap(swap_5),
    .weight(pe_4_0_weight_out),
    .take(pe_5_0_take),
    .partial(pe_4_0_result),
    .activation_out(pe_5_0_activation_out),
    .swap_out(pe_5_0_swap_out),
    .weight_out(pe_5_0_weight_out),
    .take_out(pe_5_0_take_out),
    .result(pe_5_0_result)
  );
  systolic_pe pe_5_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_5_0_activation_out),
    .swap(pe_5_0_swap_out),
    .weight(pe_4_1_weight_out),
    .take(pe_5_0_take_out),
    .partial(pe_4_1_result),
    .activation_out(pe_5_1_activation_out),
    .swap_out(pe_5_1_swap_out),
    .weight_out(pe_5_1_weight_out),
    .take_out(pe_5_1_take_out),
    .result(pe_5_1_result)
  );
  systolic_pe pe_5_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_5_1_activation_out),
    .swap(pe_5_1_swap_out),
    .weight(pe_4_2_weight_out),
    .take(pe_5_1_take_out),
    .partial(pe_4_2_result),
    .activation_out(pe_5_2_activation_out),
    .swap_out(pe_5_2_swap_out),
    .weight_out(pe_5_2_weight_out),
    .take_out(pe_5_2_take_out),
    .result(pe_5_2_result)
  );
  systolic_pe pe_5_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_5_2_activation_out),
    .swap(pe_5_2_swap_out),
    .weight(pe_4_3_weight_out),
    .take(pe_5_2_take_out),
    .partial(pe_4_3_result),
    .activation_out(pe_5_3_activation_out),
    .swap_out(pe_5_3_swap_out),
    .weight_out(pe_5_3_weight_out),
    .take_out(pe_5_3_take_out),
    .result(pe_5_3_result)
  );
  systolic_pe pe_5_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_5_3_activation_out),
    .swap(pe_5_3_swap_out),
    .weight(pe_4_4_weight_out),
    .take(pe_5_3_take_out),
    .partial(pe_4_4_result),
    .activation_out(pe_5_4_activation_out),
    .swap_out(pe_5_4_swap_out),
    .weight_out(pe_5_4_weight_out),
    .take_out(pe_5_4_take_out),
    .result(pe_5_4_result)
  );
  systolic_pe pe_5_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_5_4_activation_out),
    .swap(pe_5_4_swap_out),
    .weight(pe_4_5_weight_out),
    .take(pe_5_4_take_out),
    .partial(pe_4_5_result),
    .activation_out(pe_5_5_activation_out),
    .swap_out(pe_5_5_swap_out),
    .weight_out(pe_5_5_weight_out),
    .take_out(pe_5_5_take_out),
    .result(pe_5_5_result)
  );
  systolic_pe pe_5_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_5_5_activation_out),
    .swap(pe_5_5_swap_out),
    .weight(pe_4_6_weight_out),
    .take(pe_5_5_take_out),
    .partial(pe_4_6_result),
    .activation_out(pe_5_6_activation_out),
    .swap_out(pe_5_6_swap_out),
    .weight_out(pe_5_6_weight_out),
    .take_out(pe_5_6_take_out),
    .result(pe_5_6_result)
  );
  systolic_pe pe_5_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_5_6_activation_out),
    .swap(pe_5_6_swap_out),
    .weight(pe_4_7_weight_out),
    .take(pe_5_6_take_out),
    .partial(pe_4_7_result),
    .activation_out(),
    .swap_out(),
    .weight_out(pe_5_7_weight_out),
    .take_out(),
    .result(pe_5_7_result)
  );
  systolic_pe pe_6_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_6),
    .swap(swap_6),
    .weight(pe_5_0_weight_out),
    .take(pe_6_0_take),
    .partial(pe_5_0_result),
    .activation_out(pe_6_0_activation_out),
    .swap_out(pe_6_0_swap_out),
    .weight_out(pe_6_0_weight_out),
    .take_out(pe_6_0_take_out),
    .result(pe_6_0_result)
  );
  systolic_pe pe_6_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_6_0_activation_out),
    .swap(pe_6_0_swap_out),
    .weight(pe_5_1_weight_out),
    .take(pe_6_0_take_out),
    .partial(pe_5_1_result),
    .activation_out(pe_6_1_activation_out),
    .swap_out(pe_6_1_swap_out),
    .weight_out(pe_6_1_weight_out),
    .take_out(pe_6_1_take_out),
    .result(pe_6_1_result)
  );
  systolic_pe pe_6_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_6_1_activation_out),
    .swap(pe_6_1_swap_out),
    .weight(pe_5_2_weight_out),
    .take(pe_6_1_take_out),
    .partial(pe_5_2_result),
    .activation_out(pe_6_2_activation_out),
    .swap_out(pe_6_2_swap_out),
    .weight_out(pe_6_2_weight_out),
    .take_out(pe_6_2_take_out),
    .result(pe_6_2_result)
  );
  systolic_pe pe_6_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_6_2_activation_out),
    .swap(pe_6_2_swap_out),
    .weight(pe_5_3_weight_out),
    .take(pe_6_2_take_out),
    .partial(pe_5_3_result),
    .activation_out(pe_6_3_activation_out),
    .swap_out(pe_6_3_swap_out),
    .weight_out(pe_6_3_weight_out),
    .take_out(pe_6_3_take_out),
    .result(pe_6_3_result)
  );
  systolic_pe pe_6_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_6_3_activation_out),
    .swap(pe_6_3_swap_out),
    .weight(pe_5_4_weight_out),
    .take(pe_6_3_take_out),
    .partial(pe_5_4_result),
    .activation_out(pe_6_4_activation_out),
    .swap_out(pe_6_4_swap_out),
    .weight_out(pe_6_4_weight_out),
    .take_out(pe_6_4_take_out),
    .result(pe_6_4_result)
  );
  systolic_pe pe_6_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_6_4_activation_out),
    .swap(pe_6_4_swap_out),
    .weight(pe_5_5_weight_out),
    .take(pe_6_4_take_out),
    .partial(pe_5_5_result),
    .activation_out(pe_6_5_activation_out),
    .swap_out(pe_6_5_swap_out),
    .weight_out(pe_6_5_weight_out),
    .take_out(pe_6_5_take_out),
    .result(pe_6_5_result)
  );
  systolic_pe pe_6_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_6_5_activation_out),
    .swap(pe_6_5_swap_out),
    .weight(pe_5_6_weight_out),
    .take(pe_6_5_take_out),
    .partial(pe_5_6_result),
    .activation_out(pe_6_6_activation_out),
    .swap_out(pe_6_6_swap_out),
    .weight_out(pe_6_6_weight_out),
    .take_out(pe_6_6_take_out),
    .result(pe_6_6_result)
  );
  systolic_pe pe_6_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_6_6_activation_out),
    .swap(pe_6_6_swap_out),
    .weight(pe_5_7_weight_out),
    .take(pe_6_6_take_out),
    .partial(pe_5_7_result),
    .activation_out(),
    .swap_out(),
    .weight_out(pe_6_7_weight_out),
    .take_out(),
    .result(pe_6_7_result)
  );
  systolic_pe pe_7_0 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(activation_7),
    .swap(swap_7),
    .weight(pe_6_0_weight_out),
    .take(pe_7_0_take),
    .partial(pe_6_0_result),
    .activation_out(pe_7_0_activation_out),
    .swap_out(pe_7_0_swap_out),
    .weight_out(),
    .take_out(pe_7_0_take_out),
    .result(pe_7_0_result)
  );
  systolic_pe pe_7_1 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_7_0_activation_out),
    .swap(pe_7_0_swap_out),
    .weight(pe_6_1_weight_out),
    .take(pe_7_0_take_out),
    .partial(pe_6_1_result),
    .activation_out(pe_7_1_activation_out),
    .swap_out(pe_7_1_swap_out),
    .weight_out(),
    .take_out(pe_7_1_take_out),
    .result(pe_7_1_result)
  );
  systolic_pe pe_7_2 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_7_1_activation_out),
    .swap(pe_7_1_swap_out),
    .weight(pe_6_2_weight_out),
    .take(pe_7_1_take_out),
    .partial(pe_6_2_result),
    .activation_out(pe_7_2_activation_out),
    .swap_out(pe_7_2_swap_out),
    .weight_out(),
    .take_out(pe_7_2_take_out),
    .result(pe_7_2_result)
  );
  systolic_pe pe_7_3 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_7_2_activation_out),
    .swap(pe_7_2_swap_out),
    .weight(pe_6_3_weight_out),
    .take(pe_7_2_take_out),
    .partial(pe_6_3_result),
    .activation_out(pe_7_3_activation_out),
    .swap_out(pe_7_3_swap_out),
    .weight_out(),
    .take_out(pe_7_3_take_out),
    .result(pe_7_3_result)
  );
  systolic_pe pe_7_4 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_7_3_activation_out),
    .swap(pe_7_3_swap_out),
    .weight(pe_6_4_weight_out),
    .take(pe_7_3_take_out),
    .partial(pe_6_4_result),
    .activation_out(pe_7_4_activation_out),
    .swap_out(pe_7_4_swap_out),
    .weight_out(),
    .take_out(pe_7_4_take_out),
    .result(pe_7_4_result)
  );
  systolic_pe pe_7_5 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_7_4_activation_out),
    .swap(pe_7_4_swap_out),
    .weight(pe_6_5_weight_out),
    .take(pe_7_4_take_out),
    .partial(pe_6_5_result),
    .activation_out(pe_7_5_activation_out),
    .swap_out(pe_7_5_swap_out),
    .weight_out(),
    .take_out(pe_7_5_take_out),
    .result(pe_7_5_result)
  );
  systolic_pe pe_7_6 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_7_5_activation_out),
    .swap(pe_7_5_swap_out),
    .weight(pe_6_6_weight_out),
    .take(pe_7_5_take_out),
    .partial(pe_6_6_result),
    .activation_out(pe_7_6_activation_out),
    .swap_out(pe_7_6_swap_out),
    .weight_out(),
    .take_out(pe_7_6_take_out),
    .result(pe_7_6_result)
  );
  systolic_pe pe_7_7 (
    .clk(clk),
    .rst(rst),
    .enable(buffer_i_ready),
    .activation(pe_7_6_activation_out),
    .swap(pe_7_6_swap_out),
    .weight(pe_6_7_weight_out),
    .take(pe_7_6_take_out),
    .partial(pe_6_7_result),
    .activation_out(),
    .swap_out(),
    .weight_out(),
    .take_out(),
    .result(pe_7_7_result)
  );
endmodule

// A processing element.
module systolic_pe (
  input  wire clk,
  input  wire rst,
  input  wire enable,
  input  wire [7:0] activation,
  input  wire swap,
  input  wire [7:0] weight,
  input  wire take,
  input  wire [31:0] partial,
  output reg  [7:0] activation_out = 8'd0,
  output reg  swap_out = 1'b0,
  output reg  [7:0] weight_out = 8'd0,
  output reg  take_out = 1'b0,
  output reg  [31:0] result = 32'd0
);
  reg  [7:0] held = 8'd0;
  reg  [7:0] waiting = 8'd0;
  reg  [15:0] placed = 16'd0;

  wire [15:0] multiplier_product;

  always @(posedge clk) begin
    if (rst) begin
      activation_out <= 8'd0;
      swap_out <= 1'b0;
      weight_out <= 8'd0;
      take_out <= 1'b0;
      result <= 32'd0;
    end else if (enable) begin
      activation_out <= activation;
      swap_out <= swap;
      weight_out <= weight;
      take_out <= take;
      result <= partial + {{16{placed[15]}}, placed};
    end
  end

  always @(posedge clk) begin
    if (enable) begin
      if (swap) held <= waiting;
      if (take) waiting <= weight;
      placed <= multiplier_product;
    end
  end

  systolic_registered_multiplier_s8_s8 multiplier (
    .clk(clk),
    .enable(enable),
    .left(activation_out),
    .right(held),
    .product(multiplier_product)
  );
endmodule

module systolic_registered_multiplier_s8_s8 (
  input  wire clk,
  input  wire enable,
  input  wire [7:0] left,
  input  wire [7:0] right,
  output reg  [15:0] product = 16'd0
);
  reg  [7:0] left_register = 8'd0;
  reg  [7:0] right_register = 8'd0;
  reg  [15:0] amid = 16'd0;

  always @(posedge clk) begin
    if (enable) begin
      left_register <= left;
      right_register <= right;
      amid <= $signed(left_register) * $signed(right_register);
      product <= amid;
    end
  end
endmodule

module systolic_core_array_buffer (
  input  wire clk,
  input  wire rst,
  input  wire o_ready,
  input  wire [256:0] i_payload,
  input  wire i_valid,
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
module systolic_core_walker (
  input  wire clk,
  input  wire rst,
  input  wire products_valid,
  input  wire tiles_ready,
  input  wire [47:0] products_payload,
  output wire products_ready,
  output reg  tiles_valid = 1'b0,
  output reg  [16:0] tiles_payload = 17'd0
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
  wire [16:0] tile;

  wire [15:0] left_m = left[15:0];
  wire [15:0] left_n = left[31:16];
  wire [15:0] left_k = left[47:32];
  wire [15:0] product_m = product[15:0];
  wire [15:0] product_n = product[31:16];
  wire [15:0] product_k = product[47:32];
  wire tile_final = tile[16];

  assign products_ready = ~busy;
  assign first_m = left_m == product_m;
  assign last_m = left_m <= 16'd64;
  assign first_n = left_n == product_n;
  assign last_n = left_n <= 16'd4;
  assign only_n = first_n & last_n;
  assign first_k = left_k == product_k;
  assign last_k = left_k <= 16'd4;
  assign only_k = first_k & last_k;
  assign tile[5:0] = last_m ? (left[5:0] - 6'd1) : 6'd63;
  assign tile[7:6] = last_n ? (left[17:16] - 2'd1) : 2'd3;
  assign tile[9:8] = last_k ? (left[33:32] - 2'd1) : 2'd3;
  assign tile[10] = ~only_k | first_n;
  assign tile[11] = ~only_k | ~only_n | first_m;
  assign tile[12] = ~only_k | last_n;
  assign tile[13] = ~only_k | ~only_n | last_m;
  assign tile[14] = first_k;
  assign tile[15] = last_k;
  assign tile[16] = last_k & last_n & last_m;

  always @(posedge clk) begin
    if (rst) begin
      product <= 48'd0;
      left <= 48'd0;
      busy <= 1'b0;
      tiles_valid <= 1'b0;
      tiles_payload <= 17'd0;
    end else begin
      if (~busy & products_valid) begin
        product <= products_payload;
        left <= products_payload;
        busy <= 1'b1;
      end
      if (tiles_ready | ~tiles_valid) begin
        if (busy) begin
          left[47:32] <= last_k ? product_k : left_k - 16'd4;
          if (last_k) left[31:16] <= last_n ? product_n : left_n - 16'd4;
          if (last_k & last_n) left[15:0] <= last_m ? product_m : left_m - 16'd64;
          if (tile_final) busy <= 1'b0;
        end
        tiles_valid <= busy;
        tiles_payload <= tile;
      end
    end
  end
endmodule
