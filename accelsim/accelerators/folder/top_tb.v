// Plays products to the array and checks every beat that leaves it, and how long each took.
//
// Prints "PASS: <beats> beats, <cycles> cycles", or "FAIL" with what was wrong first, and then ends
// with an error. +stalls=1 holds every stream up now and then; +vcd writes @NAME@.vcd.
module @NAME@_tb;
//@CONSTANTS@

  reg clk = 1'b0;
  reg rst = 1'b1;
  always #5 clk = ~clk;

  reg [5:0] awaddr = 6'd0;
  reg awvalid = 1'b0;
  wire awready;
  reg [31:0] wdata = 32'd0;
  reg wvalid = 1'b0;
  wire wready;
  wire [1:0] bresp;
  wire bvalid;
  reg [5:0] araddr = 6'd0;
  reg arvalid = 1'b0;
  wire arready;
  wire [31:0] rdata;
  wire [1:0] rresp;
  wire rvalid;

  reg [BITS-1:0] a_data = {BITS{1'b0}};
  reg a_valid = 1'b0;
  wire a_ready;
  reg [BITS-1:0] b_data = {BITS{1'b0}};
  reg b_valid = 1'b0;
  wire b_ready;
  wire [BITS-1:0] z_data;
  wire z_valid;
  reg z_ready = 1'b0;
  wire z_last;

  @NAME@ dut (
    .clk(clk),
    .rst(rst),
    .s_axi_awaddr(awaddr),
    .s_axi_awprot(3'd0),
    .s_axi_awvalid(awvalid),
    .s_axi_awready(awready),
    .s_axi_wdata(wdata),
    .s_axi_wstrb(4'hf),
    .s_axi_wvalid(wvalid),
    .s_axi_wready(wready),
    .s_axi_bresp(bresp),
    .s_axi_bvalid(bvalid),
    .s_axi_bready(1'b1),
    .s_axi_araddr(araddr),
    .s_axi_arprot(3'd0),
    .s_axi_arvalid(arvalid),
    .s_axi_arready(arready),
    .s_axi_rdata(rdata),
    .s_axi_rresp(rresp),
    .s_axi_rvalid(rvalid),
    .s_axi_rready(1'b1),
    .s_axis_activations_tdata(a_data),
    .s_axis_activations_tvalid(a_valid),
    .s_axis_activations_tready(a_ready),
    .s_axis_activations_tlast(1'b0),
    .s_axis_weights_tdata(b_data),
    .s_axis_weights_tvalid(b_valid),
    .s_axis_weights_tready(b_ready),
    .s_axis_weights_tlast(1'b0),
    .m_axis_results_tdata(z_data),
    .m_axis_results_tvalid(z_valid),
    .m_axis_results_tready(z_ready),
    .m_axis_results_tlast(z_last)
  );

  reg [BITS-1:0] activations [0:A_BEATS-1];
  reg [BITS-1:0] weights [0:B_BEATS-1];
  reg [BITS-1:0] results [0:Z_BEATS-1];

  // Beats up to which the streams may go: those of the products that were started.
  integer a_end = 0;
  integer b_end = 0;
  integer z_end = 0;
  integer a_at = 0;
  integer b_at = 0;
  integer z_at = 0;

  // Without stalls operands are always there and results are always taken.
  integer stalls = 0;
  reg [15:0] noise = SEED;
  wire [2:0] held = (stalls != 0) ? noise[2:0] & noise[5:3] : 3'd0;

  always @(posedge clk) begin
    noise <= {noise[14:0], noise[15] ^ noise[13] ^ noise[12] ^ noise[10]};
    if (a_valid && a_ready) begin
      a_at <= a_at + 1;
      a_valid <= 1'b0;
    end
    if ((!a_valid || a_ready) && !held[0] && next(a_at, a_valid) < a_end) begin
      a_valid <= 1'b1;
      a_data <= activations[next(a_at, a_valid)];
    end
    if (b_valid && b_ready) begin
      b_at <= b_at + 1;
      b_valid <= 1'b0;
    end
    if ((!b_valid || b_ready) && !held[1] && next(b_at, b_valid) < b_end) begin
      b_valid <= 1'b1;
      b_data <= weights[next(b_at, b_valid)];
    end
    z_ready <= !held[2];
  end

  function integer next(input integer at, input taken);
    next = taken ? at + 1 : at;
  endfunction

  reg waited = 1'b0;
  reg [BITS-1:0] waiting = {BITS{1'b0}};
  always @(posedge clk) begin
    if (waited && !(z_valid === 1'b1 && z_data === waiting)) begin
      $display("FAIL: beat %0d of the results was offered, and changed before it was taken", z_at);
      $fatal;
    end
    waited <= z_valid && !z_ready;
    waiting <= z_data;
    if (z_valid && z_ready) begin
      if (z_at >= z_end) begin
        $display("FAIL: more than %0d beats of results", z_end);
        $fatal;
      end else if (z_data !== results[z_at]) begin
        $display("FAIL: beat %0d of the results is %h, should be %h", z_at, z_data, results[z_at]);
        $fatal;
      end else if (z_last !== (z_at == z_end - 1)) begin
        $display("FAIL: tlast of beat %0d of the results is %b", z_at, z_last);
        $fatal;
      end
      z_at <= z_at + 1;
    end
  end

  integer idle = 0;
  always @(posedge clk) begin
    idle <= (a_valid && a_ready) || (b_valid && b_ready) || (z_valid && z_ready) || bvalid || rvalid
        ? 0 : idle + 1;
    if (idle > WATCHDOG) begin
      $display("FAIL: nothing for %0d cycles; beats: %0d of %0d activations, %0d of %0d weights, %0d of %0d results",
               WATCHDOG, a_at, a_end, b_at, b_end, z_at, z_end);
      $fatal;
    end
  end

  // Registers are written and read at falling edges, in the middle of a cycle.
  reg taken_a = 1'b0;
  reg taken_w = 1'b0;
  task write(input [5:0] address, input [31:0] data);
    begin
      awaddr = address;
      wdata = data;
      awvalid = 1'b1;
      wvalid = 1'b1;
      while (awvalid || wvalid) begin
        taken_a = awready;
        taken_w = wready;
        @(negedge clk);
        if (taken_a) awvalid = 1'b0;
        if (taken_w) wvalid = 1'b0;
      end
      while (!bvalid) @(negedge clk);
      if (bresp !== 2'b00) begin
        $display("FAIL: a write to %h was answered with %b", address, bresp);
        $fatal;
      end
      @(negedge clk);
    end
  endtask

  reg [31:0] found = 32'd0;
  task read(input [5:0] address);
    begin
      araddr = address;
      arvalid = 1'b1;
      while (arvalid) begin
        taken_a = arready;
        @(negedge clk);
        if (taken_a) arvalid = 1'b0;
      end
      while (!rvalid) @(negedge clk);
      if (rresp !== 2'b00) begin
        $display("FAIL: a read of %h was answered with %b", address, rresp);
        $fatal;
      end
      found = rdata;
      @(negedge clk);
    end
  endtask

  task expects(input [5:0] address, input [31:0] value);
    begin
      read(address);
      if (found !== value) begin
        $display("FAIL: register %h is %h, should be %h", address, found, value);
        $fatal;
      end
    end
  endtask

  integer product;
  integer cycles;
  integer predicted;
  integer apart;
  initial begin
    if ($value$plusargs("stalls=%d", stalls)) $display("stalls=%0d", stalls);
    if ($test$plusargs("vcd")) begin
      $dumpfile("@NAME@.vcd");
      $dumpvars(0, @NAME@_tb);
    end
    $readmemh("activations.hex", activations);
    $readmemh("weights.hex", weights);
    $readmemh("results.hex", results);
    cycles = 0;
    repeat (4) @(negedge clk);
    rst = 1'b0;
    @(negedge clk);
    expects(VERSION, 32'd1);
    expects(SHAPE, SHAPE_VALUE);
    expects(TILING, TILING_VALUE);
    for (product = 0; product < PRODUCTS; product = product + 1) begin
      a_end = a_end + A_COUNTS[32*product+:32];
      b_end = b_end + B_COUNTS[32*product+:32];
      z_end = z_end + Z_COUNTS[32*product+:32];
      write(M, M_UNITS[32*product+:32]);
      write(N, N_UNITS[32*product+:32]);
      write(K, K_UNITS[32*product+:32]);
      expects(M, M_UNITS[32*product+:32]);
      write(CONTROL, 32'd1);
      while (z_at != z_end) @(negedge clk);
      expects(STATUS, 32'd2);
      read(CYCLES);
      predicted = CYCLES_EXPECTED[32*product+:32];
      $display("product %0d: %0d cycles, predicted %0d", product, found, predicted);
      apart = found > predicted ? found - predicted : predicted - found;
      // Within 2 %, of small products 32 cycles.
      if (stalls == 0 && predicted != 0 && apart > 32 && 50 * apart > predicted) begin
        $display("FAIL: product %0d took %0d cycles, should take %0d", product, found, predicted);
        $fatal;
      end
      cycles = cycles + found;
    end
    // Nothing may follow.
    repeat (100) @(negedge clk);
    $display("PASS: %0d beats, %0d cycles", z_at, cycles);
    $finish;
  end
endmodule
