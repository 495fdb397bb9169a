//! Finds the structure of JSON that arrives in pieces.

use super::{Flaw, utf8::Utf8};
use crate::plain::plain;

/// How many objects and arrays may lie inside each other; a listing needs seven.
pub(super) const MAX_DEPTH: u32 = 64;

/// Marks a place in the JSON that matters to the reader of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// The opening quote of a key.
    KeyStart,
    /// The closing quote of a key.
    KeyEnd,
    /// The opening brace.
    ObjectStart,
    /// The closing brace.
    ObjectEnd,
    /// The opening bracket.
    ArrayStart,
    /// The first byte of a text, a number or a name.
    Scalar,
}

/// Reads JSON (RFC 8259) byte by byte, strictly, and remembers where it stopped.
#[derive(Debug, Clone)]
pub(super) struct Lexer {
    state: State,
    /// One bit for each open container, the innermost lowest: set for an object.
    containers: u64,
    depth: u32,
    utf8: Utf8,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// A value must follow.
    Value,
    /// A value or the end of the array must follow.
    FirstElement,
    /// A key or the end of the object must follow.
    FirstKey,
    /// A key must follow.
    Key,
    Colon,
    /// A comma or the end of the container must follow, or nothing after the outermost value.
    After,
    Text(Role),
    Escape(Role),
    Hex(Role, u8),
    Number(Digits),
    Name(&'static [u8]),
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Value,
}

/// Which part of a number was read last.
#[derive(Debug, Clone, Copy)]
enum Digits {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

impl Lexer {
    /// Stands before the outermost value.
    pub(super) const fn new() -> Self {
        Self {
            state: State::Value,
            containers: 0,
            depth: 0,
            utf8: Utf8::START,
        }
    }

    /// How many containers are open.
    pub(super) const fn depth(&self) -> u32 {
        self.depth
    }

    /// Tells whether the outermost value is complete.
    pub(super) const fn is_complete(&self) -> bool {
        self.depth == 0 && matches!(self.state, State::After)
    }

    /// Reads up to and including the next token, or to the end of `input`.
    ///
    /// Passes over tokens that lie deeper than the `level` outermost containers. Returns how many bytes were read; with a flaw, how
    /// many were read before the byte that shows it.
    pub(super) fn next(&mut self, input: &[u8], level: u32) -> (usize, Result<Option<Token>, Flaw>) {
        let mut at = 0;
        loop {
            if matches!(self.state, State::Text(_)) && !self.utf8.is_inside() {
                at += plain(&input[at..]);
            }
            let Some(&byte) = input.get(at) else {
                return (at, Ok(None));
            };
            let depth = self.depth;
            match self.step(byte) {
                Ok(Some(token)) if depth.min(self.depth) <= level => return (at + 1, Ok(Some(token))),
                Ok(_) => at += 1,
                Err(flaw) => return (at, Err(flaw)),
            }
        }
    }

    fn step(&mut self, byte: u8) -> Result<Option<Token>, Flaw> {
        if let State::Number(digits) = self.state {
            if let Some(digits) = digits.then(byte) {
                self.state = State::Number(digits);
                return Ok(None);
            }
            if !digits.may_end() {
                return Err(Flaw::Malformed);
            }
            self.state = State::After;
        }
        match (self.state, byte) {
            (State::Text(role), _) => self.text(role, byte),
            (State::Escape(role), b'u') => self.go(State::Hex(role, 4)),
            (State::Escape(role), b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.go(State::Text(role)),
            (State::Hex(role, left), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.go(if left > 1 {
                State::Hex(role, left - 1)
            } else {
                State::Text(role)
            }),
            (State::Name([expected]), _) if byte == *expected => self.go(State::After),
            (State::Name([expected, rest @ ..]), _) if byte == *expected => self.go(State::Name(rest)),
            (State::Escape(_) | State::Hex(..) | State::Name(_), _) => Err(Flaw::Malformed),
            (_, b' ' | b'\t' | b'\n' | b'\r') => Ok(None),
            (State::FirstKey, b'}') => self.close(true),
            (State::FirstKey | State::Key, b'"') => self.emit(State::Text(Role::Key), Token::KeyStart),
            (State::Colon, b':') => self.go(State::Value),
            (State::FirstElement, b']') => self.close(false),
            (State::Value | State::FirstElement, _) => self.value(byte),
            (State::After, b',') if self.depth > 0 => self.go(if self.in_object() { State::Key } else { State::Value }),
            (State::After, b'}') => self.close(true),
            (State::After, b']') => self.close(false),
            _ => Err(Flaw::Malformed),
        }
    }

    fn text(&mut self, role: Role, byte: u8) -> Result<Option<Token>, Flaw> {
        self.utf8 = self.utf8.then(byte).ok_or(Flaw::NotUtf8)?;
        match (byte, role) {
            (b'"', Role::Key) => self.emit(State::Colon, Token::KeyEnd),
            (b'"', Role::Value) => self.go(State::After),
            (b'\\', _) => self.go(State::Escape(role)),
            (0x00..0x20, _) => Err(Flaw::Malformed),
            _ => Ok(None),
        }
    }

    fn value(&mut self, byte: u8) -> Result<Option<Token>, Flaw> {
        let state = match byte {
            b'{' => return self.open(true, State::FirstKey, Token::ObjectStart),
            b'[' => return self.open(false, State::FirstElement, Token::ArrayStart),
            b'"' => State::Text(Role::Value),
            b'-' => State::Number(Digits::Minus),
            b'0' => State::Number(Digits::Zero),
            b'1'..=b'9' => State::Number(Digits::Integer),
            b't' => State::Name(b"rue"),
            b'f' => State::Name(b"alse"),
            b'n' => State::Name(b"ull"),
            _ => return Err(Flaw::Malformed),
        };
        self.emit(state, Token::Scalar)
    }

    fn open(&mut self, object: bool, state: State, token: Token) -> Result<Option<Token>, Flaw> {
        if self.depth == MAX_DEPTH {
            return Err(Flaw::TooDeep);
        }
        self.depth += 1;
        self.containers = self.containers << 1 | u64::from(object);
        self.emit(state, token)
    }

    fn close(&mut self, object: bool) -> Result<Option<Token>, Flaw> {
        if self.depth == 0 || self.in_object() != object {
            return Err(Flaw::Malformed);
        }
        self.depth -= 1;
        self.containers >>= 1;
        self.state = State::After;
        Ok(object.then_some(Token::ObjectEnd))
    }

    const fn in_object(&self) -> bool {
        self.containers & 1 == 1
    }

    const fn go(&mut self, state: State) -> Result<Option<Token>, Flaw> {
        self.state = state;
        Ok(None)
    }

    const fn emit(&mut self, state: State, token: Token) -> Result<Option<Token>, Flaw> {
        self.state = state;
        Ok(Some(token))
    }
}

impl Digits {
    /// Takes the next byte; `None` when it is no part of the number.
    const fn then(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::Sign,
            (Self::E | Self::Sign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }

    const fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Integer | Self::Fraction | Self::Exponent)
    }
}
