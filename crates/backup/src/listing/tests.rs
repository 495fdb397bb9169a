//! Checks the reader with listings cut into every kind of pieces.
