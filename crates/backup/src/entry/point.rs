//! Tells points of the curve Edwards25519 from other bytes.

/// An integer below 2^256, least significant limb first.
type Number = [u64; 4];

/// The prime 2^255 - 19 over which the curve is defined.
const PRIME: Number = [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, 0x7fff_ffff_ffff_ffff];

/// The prime times two, minus one: what has to be added to subtract one without going below zero.
const MINUS_ONE: Number = [0xffff_ffff_ffff_ffd9, u64::MAX, u64::MAX, u64::MAX];

/// The constant `d` of the curve equation -x² + y² = 1 + d·x²·y² (RFC 8032, section 5.1).
const D: Number = [
    0x75eb_4dca_1359_78a3,
    0x0070_0a4d_4141_d8ab,
    0x8cc7_4079_7779_e898,
    0x5203_6cee_2b6f_fe73,
];

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
    let mut product = [0_u64; 8];
    for (at, &factor) in left.iter().enumerate() {
        let mut carry = 0;
        for (to, &other) in right.iter().enumerate() {
            (product[at + to], carry) = factor.carrying_mul_add(other, product[at + to], carry);
        }
        product[at + 4] = carry;
    }
    // 2^256 is 38 modulo the prime.
    let [mut low @ .., _, _, _, _] = product;
    let mut carry = 0;
    for (limb, &high) in low.iter_mut().zip(&product[4..]) {
        (*limb, carry) = high.carrying_mul_add(38, *limb, carry);
    }
    fold(low, carry)
}

/// Adds modulo the prime; the result is below 2^256, not below the prime.
fn add(left: &Number, right: &Number) -> Number {
    let mut sum = *left;
    let mut carry = false;
    for (limb, &other) in sum.iter_mut().zip(right) {
        (*limb, carry) = limb.carrying_add(other, carry);
    }
    fold(sum, u64::from(carry))
}

/// Adds `over` times 2^256.
fn fold(mut number: Number, mut over: u64) -> Number {
    while over > 0 {
        let mut more = over * 38;
        for limb in &mut number {
            let (sum, carry) = limb.overflowing_add(more);
            (*limb, more) = (sum, u64::from(carry));
        }
        over = more;
    }
    number
}

/// Tells whether the number is zero or has a square root modulo the prime, by a binary Jacobi symbol.
fn is_square(number: &Number) -> bool {
    let (mut over, mut under, mut sign) = (*number, PRIME, 0);
    reduce(&mut over, &mut under, &mut sign);
    if over == [0; 4] && under == PRIME {
        return true;
    }
    // Both are below 2^192 now, or `over` is zero and `under` one; and so on with each step.
    let ([mut over @ .., _], [mut under @ .., _]) = (over, under);
    reduce(&mut over, &mut under, &mut sign);
    let ([mut over @ .., _], [mut under @ .., _]) = (over, under);
    reduce(&mut over, &mut under, &mut sign);
    let ([mut over @ .., _], [mut under @ .., _]) = (over, under);
    reduce(&mut over, &mut under, &mut sign);
    sign & 1 == 0
}

/// Drops the factors of two of `over` and subtracts the smaller number from the larger, until both fit into one limb
/// less or nothing is left of `over`. The lowest bit of `sign` says how often the symbol (over / under) changed its sign.
#[inline(always)]
fn reduce<const N: usize>(over: &mut [u64; N], under: &mut [u64; N], sign: &mut u32) {
    drop_twos(over, under, sign);
    while over[0] != 0 && (N == 1 || over[N - 1] | under[N - 1] != 0) {
        let (difference, smaller) = subtract(over, under);
        let (opposite, _) = subtract(under, over);
        *sign ^= u32::from(smaller) & sign_of_swap(over[0], under[0]);
        // The outcome is as good as random: a branch on it would cost more than both subtractions.
        let mask = u64::from(smaller).wrapping_neg();
        for at in 0..N {
            under[at] ^= (under[at] ^ over[at]) & mask;
            over[at] = difference[at] ^ (difference[at] ^ opposite[at]) & mask;
        }
        drop_twos(over, under, sign);
    }
}

/// Makes `over` odd, unless it is zero.
#[inline(always)]
fn drop_twos<const N: usize>(over: &mut [u64; N], under: &[u64; N], sign: &mut u32) {
    while over[0] == 0 && *over != [0; N] {
        // 2^64 is a square.
        over.rotate_left(1);
    }
    let twos = over[0].trailing_zeros() % u64::BITS;
    *over = shift_right(over, twos);
    *sign ^= twos & sign_of_two(under[0]);
}

/// Divides by a power of two below 2^64.
#[inline(always)]
fn shift_right<const N: usize>(number: &[u64; N], twos: u32) -> [u64; N] {
    std::array::from_fn(|at| {
        let above = number.get(at + 1).copied().unwrap_or_default();
        number[at] >> twos | above << 1 << (u64::BITS - 1 - twos)
    })
}

/// Subtracts modulo 2^(64 N) and says whether the result is below zero.
#[inline(always)]
fn subtract<const N: usize>(left: &[u64; N], right: &[u64; N]) -> ([u64; N], bool) {
    let mut borrow = false;
    let mut difference = *left;
    for (limb, &other) in difference.iter_mut().zip(right) {
        (*limb, borrow) = limb.borrowing_sub(other, borrow);
    }
    (difference, borrow)
}

/// Says in the lowest bit whether two is no square modulo `under`: that is so for 3 and 5 modulo 8.
const fn sign_of_two(under: u64) -> u32 {
    (under >> 1 ^ under >> 2) as u32
}

/// Says in the lowest bit whether swapping both changes the sign: that is so when both are 3 modulo 4.
const fn sign_of_swap(over: u64, under: u64) -> u32 {
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
        base == number(0)
            || [number(0), PRIME, [0xffff_ffff_ffff_ffda, u64::MAX, u64::MAX, u64::MAX]].contains(&minus_one)
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
            assert_eq!(
                is_point(&bytes),
                Ed25519PublicKey::from_slice(&bytes).is_ok(),
                "{bytes:?}"
            );
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
