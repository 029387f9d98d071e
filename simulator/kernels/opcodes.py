"""Numbers of the instructions of an expression, and where things stand in its code vector.

An instruction is five floats: the opcode, the row it writes, then the rows it reads and an argument. The head of a
program is followed by its slots (constants, and values computed once a call from t and T), the instructions of the
prologue that computes those, the main instructions and the data of its tables. All places are relative to the program's
first float. No instruction writes a row that it reads.
"""

LENGTH, OUTPUTS, ROWS, SLOTS, PROLOGUE, MAIN, DATA, HEAD = range(8)
INSTRUCTION = 5

# what fills a row: a slot, an unknown, a coordinate, the time, the temperature
SLOT, UNKNOWN, X, Y, Z, TIME, TEMPERATURE = range(7)
# where a row goes: into a slot, into a row of the result
STORE, OUT = 7, 8
# of two rows
ADD, SUB, MUL, DIV, POW, LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, MIN, MAX = range(10, 21)
# of three rows: then, else, condition
WHERE = 21
# of a row v and a slot c: v + c, c - v, v c, v / c, c / v, v ** c, c ** v
ADD_SLOT, SUB_FROM_SLOT, MUL_SLOT, DIV_SLOT, SLOT_DIV, POW_SLOT, SLOT_POW = range(30, 37)
# of one row; POWER has a positive integer as its argument, TABLE the place of its data
EXP, LOG, LOG10, SQRT, SIN, COS, TAN, SINH, COSH, TANH, ERF, ABS, POWER, TABLE = range(40, 54)
