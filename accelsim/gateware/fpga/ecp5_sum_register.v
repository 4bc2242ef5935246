// Carry cells of the ECP5 in the place of the module of SumRegister (../sum_register.py): a bit's LUT
// computes (total & keep) ^ value with the input that an adder leaves free. Where both are equal the
// carry is the value, which the lower part of the LUT tells (with D = 0; in use D is 1).
module ecp5_sum_register #(
    parameter BITS = 32
) (
    input clk,
    input rst,
    input enable,
    input keep,
    input [BITS-1:0] value,
    output reg [BITS-1:0] total
);
    localparam PAIRS = (BITS + 1) / 2;
    wire [2*PAIRS-1:0] a = total;
    wire [2*PAIRS-1:0] b = value;
    wire [2*PAIRS-1:0] sum;
    wire [PAIRS:0] carry;
    assign carry[0] = 1'b0;

    genvar i;
    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(16'h6C0C), .INIT1(16'h6C0C), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) adder (
                .CIN(carry[i]), .COUT(carry[i+1]),
                .A0(a[2*i]), .B0(b[2*i]), .C0(keep), .D0(1'b1), .S0(sum[2*i]),
                .A1(a[2*i+1]), .B1(b[2*i+1]), .C1(keep), .D1(1'b1), .S1(sum[2*i+1])
            );
        end
    endgenerate

    always @(posedge clk)
        if (enable) total <= sum;
endmodule
