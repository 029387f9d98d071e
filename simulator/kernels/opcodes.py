"""Numbers of the instructions of an expression, and where things stand in its code vector.

An instruction is two floats, the opcode and an argument. The head of a program is followed by its slots (constants, and
values computed once a call from t and T), the instructions of the prologue that computes those, the main instructions
and the data of its tables. All places are relative to the program's first float.
"""

LENGTH, OUTPUTS, DEPTH, SLOTS, PROLOGUE, MAIN, DATA, HEAD = range(8)

# what puts a value on the stack: a slot, an unknown, a coordinate, the time, the temperature
PUSH, UNKNOWN, X, Y, Z, TIME, TEMPERATURE = range(7)
# what takes the last value off: into a slot, into a row of the result
STORE, OUT = 7, 8
# of two values
ADD, SUB, MUL, DIV, POW, LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, MIN, MAX = range(10, 21)
# of three: condition, then, else
WHERE = 21
# of one value v and a slot c: v + c, c - v, v c, v / c, c / v, v ** c, c ** v
ADD_SLOT, SUB_FROM_SLOT, MUL_SLOT, DIV_SLOT, SLOT_DIV, POW_SLOT, SLOT_POW = range(30, 37)
# of one value; POWER has a positive integer as its argument, TABLE the place of its data
EXP, LOG, LOG10, SQRT, SIN, COS, TAN, SINH, COSH, TANH, ERF, ABS, POWER, TABLE = range(40, 54)
