//! Tells points of the curve Edwards25519 from other bytes.

/// An integer below 2^256, least significant limb first.
type Number = [u64; 4];

/// The prime 2^255 - 19 over which the curve is defined.
const PRIME: Number = [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, 0x7fff_ffff_ffff_ffff];

/// The prime times two, minus one: what has to be added to subtract one without going below zero.
const MINUS_ONE: Number = [0xffff_ffff_ffff_ffd9, u64::MAX, u64::MAX, u64::MAX];

/// The constant `d` of the curve equation -x² + y² = 1 + d·x²·y² (RFC 8032, section 5.1).
const D: Number =
    [0x75eb_4dca_1359_78a3, 0x0070_0a4d_4141_d8ab, 0x8cc7_4079_7779_e898, 0x5203_6cee_2b6f_fe73];

/// Tells whether the bytes encode a point (RFC 8032, section 5.1.3), as every Ed25519 public key must.
///
/// The point itself is not needed, so no square root is taken: x² = (y² - 1) / (d·y² + 1) has a root exactly when the
/// product of both has one, and that a Jacobi symbol tells, four times as fast. The bytes are public, so the time may
/// depend on them. Like `curve25519-dalek` it accepts a y above the prime, and either sign for x = 0.
pub(super) fn is_point(bytes: &[u8; 32]) -> bool {
    let mut y = [0; 4];
    for (limb, bytes) in y.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = bytes.iter().rev().fold(0, |limb, &byte| limb << 8 | u64::from(byte));
    }
    y[3] &= u64::MAX >> 1;
    let square = multiply(&y, &y);
    let above = add(&square, &MINUS_ONE);
    let below = add(&multiply(&D, &square), &[1, 0, 0, 0]);
    is_square(&multiply(&above, &below))
}

/// Multiplies modulo the prime; the result is below 2^256, not below the prime.
fn multiply(left: &Number, right: &Number) -> Number {
    let mut product = [0; 8];
    for (at, &factor) in left.iter().enumerate() {
        let mut carry = 0;
        for (to, &other) in right.iter().enumerate() {
            carry += u128::from(factor) * u128::from(other) + u128::from(product[at + to]);
            (product[at + to], carry) = split(carry);
        }
        product[at + 4] = split(carry).0;
    }
    // 2^256 is 38 modulo the prime.
    let [low @ .., _, _, _, _] = product;
    let mut folded = low;
    let mut carry = 0;
    for (limb, &high) in folded.iter_mut().zip(&product[4..]) {
        carry += u128::from(high) * 38 + u128::from(*limb);
        (*limb, carry) = split(carry);
    }
    fold(folded, carry)
}

/// Adds modulo the prime; the result is below 2^256, not below the prime.
fn add(left: &Number, right: &Number) -> Number {
    let mut sum = *left;
    let mut carry = 0;
    for (limb, &other) in sum.iter_mut().zip(right) {
        carry += u128::from(*limb) + u128::from(other);
        (*limb, carry) = split(carry);
    }
    fold(sum, carry)
}

/// Adds `over` times 2^256, of which at most two rounds are left after a multiplication.
fn fold(mut number: Number, mut over: u128) -> Number {
    while over > 0 {
        over *= 38;
        for limb in &mut number {
            over += u128::from(*limb);
            (*limb, over) = split(over);
        }
    }
    number
}

/// Splits into the low limb and what is carried.
const fn split(wide: u128) -> (u64, u128) {
    (wide as u64, wide >> 64)
}

/// Reads the upper and the lower half.
const fn halves(number: &Number) -> (u128, u128) {
    ((number[3] as u128) << 64 | number[2] as u128, (number[1] as u128) << 64 | number[0] as u128)
}

/// Tells whether the number is zero or has a square root modulo the prime, by a binary Jacobi symbol.
///
/// Keeps `over` and `under` odd, subtracts the smaller from the larger one and drops the factors of two, each of which
/// may change the sign; narrows to half the width as soon as both numbers fit.
fn is_square(number: &Number) -> bool {
    let (mut over_high, mut over_low) = halves(number);
    let (mut under_high, mut under_low) = halves(&PRIME);
    let mut minus = 0;
    while (over_high | under_high) != 0 {
        if over_low == 0 {
            if over_high == 0 {
                // What is left in `under` divides the prime and is not one: the number is zero modulo the prime.
                return true;
            }
            // 2^128 is a square.
            (over_high, over_low) = (0, over_high);
            continue;
        }
        let twos = over_low.trailing_zeros();
        if twos > 0 {
            over_low = over_low >> twos | over_high << (128 - twos);
            over_high >>= twos;
        }
        minus ^= twos & sign_of_two(under_low);
        let (low, borrow) = over_low.overflowing_sub(under_low);
        let (high, less) = over_high.overflowing_sub(under_high);
        let (high, lesser) = high.overflowing_sub(u128::from(borrow));
        let smaller = less | lesser;
        minus ^= u32::from(smaller) & sign_of_swap(over_low, under_low);
        let mask = u128::from(smaller).wrapping_neg();
        under_low ^= (under_low ^ over_low) & mask;
        under_high ^= (under_high ^ over_high) & mask;
        let (low, carry) = (low ^ mask).overflowing_add(u128::from(smaller));
        over_low = low;
        over_high = (high ^ mask).wrapping_add(u128::from(carry));
    }
    while over_low != 0 {
        let twos = over_low.trailing_zeros();
        over_low >>= twos;
        minus ^= twos & sign_of_two(under_low);
        let (low, smaller) = over_low.overflowing_sub(under_low);
        minus ^= u32::from(smaller) & sign_of_swap(over_low, under_low);
        let mask = u128::from(smaller).wrapping_neg();
        under_low ^= (under_low ^ over_low) & mask;
        over_low = (low ^ mask).wrapping_add(u128::from(smaller));
    }
    minus & 1 == 0
}

/// Says in the lowest bit whether two is no square modulo `under`: that is so for 3 and 5 modulo 8.
const fn sign_of_two(under: u128) -> u32 {
    (under >> 1 ^ under >> 2) as u32
}

/// Says in the lowest bit whether swapping both changes the sign: that is so when both are 3 modulo 4.
const fn sign_of_swap(over: u128, under: u128) -> u32 {
    ((over & under) >> 1) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vodozemac::Ed25519PublicKey;

    use super::{Number, PRIME, is_point, is_square};

    fn number(small: u64) -> Number {
        [small, 0, 0, 0]
    }

    fn bytes_of(number: Number) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (bytes, limb) in bytes.chunks_exact_mut(8).zip(number) {
            bytes.copy_from_slice(&limb.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn small_numbers_are_squares_as_the_reciprocity_says() {
        // Of the primes below 40 these are squares modulo 2^255 - 19, by quadratic reciprocity.
        let squares: Vec<u64> = (0..40).filter(|small| is_square(&number(*small))).collect();
        let by_power: Vec<u64> = (0..40).filter(|small| euler(number(*small))).collect();
        assert_eq!(squares, by_power);
    }

    /// Euler's criterion, the slow way: raised to (p - 1) / 2 a square gives one.
    fn euler(base: Number) -> bool {
        let mut power = number(1);
        // (p - 1) / 2 is 2^254 - 10: 246 ones above the byte 0xf6.
        let bits = std::iter::repeat_n(true, 246).chain((0..8).rev().map(|bit| 0xf6 >> bit & 1 == 1));
        for bit in bits {
            power = super::multiply(&power, &power);
            if bit {
                power = super::multiply(&power, &base);
            }
        }
        let minus_one = super::add(&power, &super::MINUS_ONE);
        base == number(0) || [number(0), PRIME, [0xffff_ffff_ffff_ffda, u64::MAX, u64::MAX, u64::MAX]].contains(&minus_one)
    }

    #[test]
    fn multiples_of_the_prime_count_as_zero() {
        let twice = [0xffff_ffff_ffff_ffda, u64::MAX, u64::MAX, u64::MAX];
        assert!(is_square(&number(0)) && is_square(&PRIME) && is_square(&twice));
    }

    #[test]
    fn edges_agree_with_the_oracle() {
        let mut edges = vec![[0; 32], [0xff; 32]];
        for low in 0..=u8::MAX {
            for top in [0x00, 0x7f, 0x80, 0xff] {
                for middle in [0x00, 0xff] {
                    let mut bytes = [middle; 32];
                    (bytes[0], bytes[31]) = (low, top);
                    edges.push(bytes);
                }
            }
        }
        for limb in 0..4 {
            for shift in 0..64 {
                let mut power = number(0);
                power[limb] = 1 << shift;
                edges.push(bytes_of(power));
            }
        }
        for bytes in edges {
            assert_eq!(is_point(&bytes), Ed25519PublicKey::from_slice(&bytes).is_ok(), "{bytes:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn random_bytes_agree_with_the_oracle(bytes: [u8; 32]) {
            prop_assert_eq!(is_point(&bytes), Ed25519PublicKey::from_slice(&bytes).is_ok());
        }

        #[test]
        fn squares_are_squares(limbs: Number) {
            prop_assert!(is_square(&super::multiply(&limbs, &limbs)));
            // 2 is no square modulo the prime.
            let double = super::multiply(&number(2), &super::multiply(&limbs, &limbs));
            prop_assert_eq!(is_square(&double), limbs == number(0));
        }
    }
}
