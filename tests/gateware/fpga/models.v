// The part of Lattice's MULT18X18D that is used, after Lattice's sysDSP usage guide: registers of
// the operands, in the pipeline and of the product, each where its clock is not NONE.
module MULT18X18D #(
    parameter REG_INPUTA_CLK = "NONE", parameter REG_INPUTA_CE = "CE0",
    parameter REG_INPUTA_RST = "RST0",
    parameter REG_INPUTB_CLK = "NONE", parameter REG_INPUTB_CE = "CE0",
    parameter REG_INPUTB_RST = "RST0",
    parameter REG_PIPELINE_CLK = "NONE", parameter REG_PIPELINE_CE = "CE0",
    parameter REG_PIPELINE_RST = "RST0",
    parameter REG_OUTPUT_CLK = "NONE", parameter REG_OUTPUT_CE = "CE0",
    parameter REG_OUTPUT_RST = "RST0",
    parameter GSR = "ENABLED", parameter RESETMODE = "SYNC"
) (
    input CLK0, CE0, RST0, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    input A0, A1, A2, A3, A4, A5, A6, A7, A8,
    input A9, A10, A11, A12, A13, A14, A15, A16, A17,
    input B0, B1, B2, B3, B4, B5, B6, B7, B8,
    input B9, B10, B11, B12, B13, B14, B15, B16, B17,
    input C0, C1, C2, C3, C4, C5, C6, C7, C8,
    input C9, C10, C11, C12, C13, C14, C15, C16, C17,
    output P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17,
    output P18, P19, P20, P21, P22, P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);
    wire [17:0] a = {
        A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
    };
    wire [17:0] b = {
        B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
    };
    reg [17:0] a_held, b_held;
    reg signed_a_held, signed_b_held;
    reg [35:0] amid, held;
    wire [17:0] a_used = REG_INPUTA_CLK == "NONE" ? a : a_held;
    wire [17:0] b_used = REG_INPUTB_CLK == "NONE" ? b : b_held;
    wire signed_a = REG_INPUTA_CLK == "NONE" ? SIGNEDA : signed_a_held;
    wire signed_b = REG_INPUTB_CLK == "NONE" ? SIGNEDB : signed_b_held;
    wire signed [18:0] wide_a = {signed_a & a_used[17], a_used};
    wire signed [18:0] wide_b = {signed_b & b_used[17], b_used};
    wire signed [37:0] product = wide_a * wide_b;
    wire [35:0] late = REG_PIPELINE_CLK == "NONE" ? product[35:0] : amid;
    assign {
        P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
        P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
    } = REG_OUTPUT_CLK == "NONE" ? late : held;
    always @(posedge CLK0)
        if (CE0) begin
            a_held <= a;
            b_held <= b;
            signed_a_held <= SIGNEDA;
            signed_b_held <= SIGNEDB;
            amid <= product[35:0];
            held <= late;
        end
endmodule

// Two bits of a carry chain: a LUT of four inputs tells whether a bit passes the carry on, the lower
// quarter of it what the carry is where it does not.
module CCU2C #(
    parameter [15:0] INIT0 = 0, parameter [15:0] INIT1 = 0,
    parameter INJECT1_0 = "YES", parameter INJECT1_1 = "YES"
) (
    input CIN, A0, B0, C0, D0, A1, B1, C1, D1,
    output S0, S1, COUT
);
    wire [1:0] passes = {INIT1[{D1, C1, B1, A1}], INIT0[{D0, C0, B0, A0}]};
    wire [1:0] makes = {INIT1[{2'b00, B1, A1}], INIT0[{2'b00, B0, A0}]};
    wire carry = passes[0] ? CIN : makes[0];
    assign S0 = passes[0] ^ CIN;
    assign S1 = passes[1] ^ carry;
    assign COUT = passes[1] ? carry : makes[1];
endmodule
