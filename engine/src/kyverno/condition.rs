//! Compares a key with a value by an operator.
