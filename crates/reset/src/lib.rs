//! Changes the password of a Matrix account by the least destructive route, signs in again, restores, and proves that
//! the history is back.
