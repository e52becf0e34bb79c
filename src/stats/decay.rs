//! What is left after a number of half-lives.

use std::f64::consts::LN_2;

/// 2^f is the sum of these times f^n: ln(2)^n / n!, each to the nearest float.
pub const COEFFICIENTS: [f64; 14] = [
    1.0,
    LN_2,
    0.24022650695910072,
    0.05550410866482158,
    0.009618129107628477,
    0.0013333558146428443,
    0.0001540353039338161,
    1.5252733804059841e-05,
    1.321548679014431e-06,
    1.01780860092397e-07,
    7.054911620801123e-09,
    4.4455382718708116e-10,
    2.5678435993488206e-11,
    1.3691488853904128e-12,
];

/// Half-lives after which nothing is left.
pub const GONE: f64 = 120.0;

/// A float from here on is whole; its last bits are the number that was added.
const WHOLE: f64 = (1u64 << 52) as f64;

/// 2^-t for t ≥ 0, and 0 from 120 on: the share of something that is left after t half-lives, within 2 ulp.
///
/// Made of `+ - * /` and floor alone, each rounded once as IEEE 754 says, so its bits are the same on every platform and
/// in every database; those of `exp2` and `powf` are the C library's. The steps and their order are part of the promise.
#[inline]
pub fn halved(t: f64) -> f64 {
    // Without a branch and without a call, several are computed at once.
    let shifted = t + 0.5;
    let nearest = (shifted + WHOLE) - WHOLE;
    let whole = if nearest > shifted { nearest - 1.0 } else { nearest };
    let rest = whole - t;
    let power = COEFFICIENTS[..13].iter().rev().fold(COEFFICIENTS[13], |sum, coefficient| coefficient + rest * sum);
    let scale = f64::from_bits((1023u64 << 52).wrapping_sub((whole + WHOLE).to_bits() << 52));
    if t < GONE { scale * power } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 0, 1.217, 2 × 1.217, …: computed by another program, in another language.
    const KNOWN: [u64; 100] = [
        0x3ff0000000000000,
        0x3fdb88023d701e54,
        0x3fc7afc5dab79453,
        0x3fb460fba1e2ddd8,
        0x3fa18871eb376fe9,
        0x3f8e2b4a799e301e,
        0x3f79f4c0efc33a96,
        0x3f6654d4cf69472b,
        0x3f53367da79f942e,
        0x3f4087a2f3c21629,
        0x3f2c716634dcc7a3,
        0x3f1878922cad28c5,
        0x3f050dbd7974b0f2,
        0x3ef21d13bd06720d,
        0x3edf2b0afff1d808,
        0x3ecad0ca653bc338,
        0x3eb712240221470e,
        0x3ea3d95d1842cb89,
        0x3e9113c3bbd12e25,
        0x3e7d6284b0b8ec5c,
        0x3e694804b79e25f6,
        0x3e55c037d403f8ac,
        0x3e42b6a18dee87c4,
        0x3e3019a1cdb4460e,
        0x3e1bb41d2b7b771a,
        0x3e07d5b8091b3438,
        0x3df481a140f411a2,
        0x3de1a4886b9b04c7,
        0x3dce5b9f3578347a,
        0x3dba1e55d9c3a374,
        0x3da6789b30a54578,
        0x3d93554517488754,
        0x3d80a21e0bbac05f,
        0x3d6c9ef707513a69,
        0x3d589fc608ee6162,
        0x3d452f77da724fcc,
        0x3d323a1859550d83,
        0x3d1f5cf972f71afe,
        0x3d0afbbfcf2fced5,
        0x3cf73719a98b4f00,
        0x3ce3f92974221500,
        0x3cd12f1f5015dbdc,
        0x3cbd9197c92d98a9,
        0x3ca97084e8b41a21,
        0x3c95e3102114e155,
        0x3c82d49c28acbf29,
        0x3c70336cab6fa598,
        0x3c5be07ec1a0c6e1,
        0x3c47fbe701a41d03,
        0x3c34a27b2cf41ad4,
        0x3c21c0cbeb32bdf4,
        0x3c0e8c415e79bdc8,
        0x3bfa482d60f2b7ea,
        0x3be69c9ae1a154d8,
        0x3bd3743dd5d27c28,
        0x3bc0bcc38fd3f3db,
        0x3bacccd0d8d999c3,
        0x3b98c738b2a99a62,
        0x3b85516843bc8b19,
        0x3b72574b724b5a9c,
        0x3b5f8f37e3816d33,
        0x3b4b26fa0b072e28,
        0x3b375c4a868dfcf8,
        0x3b241928c0e2188c,
        0x3b114aa6b81b727b,
        0x3afdc0f64b85d87b,
        0x3ae99945fba96150,
        0x3ad60620407eb7d8,
        0x3ac2f2c6ca27e184,
        0x3ab04d60dafa6b0b,
        0x3a9c0d2771113e18,
        0x3a88225325b4e892,
        0x3a74c389b9ac14fb,
        0x3a61dd3cb2146746,
        0x3a4ebd3170ac57ea,
        0x3a3a7247f007b742,
        0x3a26c0d43e2da49e,
        0x3a139368323b55d7,
        0x3a00d793c403a4dc,
        0x39ecfaf41e66a607,
        0x39d8eeea8e7afd26,
        0x39c5738f0be2c42f,
        0x39b274ad52623b84,
        0x399fc1c6d1b5da40,
        0x398b52798701c978,
        0x397781b6f803d444,
        0x3964395b501e5bf5,
        0x3951665a3a18059f,
        0x393df0a0b091c266,
        0x3929c248586f0b73,
        0x391629688baea976,
        0x39031121bf50230f,
        0x38f0677e9e864480,
        0x38dc3a17abb36301,
        0x38c848fcd74c33e1,
        0x38b4e4cd3b6b5590,
        0x38a1f9db08c947ed,
        0x388eee6fe8e04386,
        0x387a9ca5f264d5d9,
        0x0000000000000000,
    ];

    #[test]
    fn what_is_left_has_the_same_bits_everywhere() {
        for (n, bits) in KNOWN.into_iter().enumerate() {
            assert_eq!(halved(n as f64 * 1.217).to_bits(), bits, "{n}");
        }
    }

    #[test]
    fn what_is_left_is_within_two_ulp_of_the_power() {
        let worst = (0..1_000_000u64).map(|n| {
            let t = n as f64 * (119.99 / 1e6);
            halved(t).to_bits().abs_diff((-t).exp2().to_bits())
        });
        assert!(worst.max() <= Some(2));
    }

    #[test]
    fn whole_half_lives_are_exact_and_after_many_nothing_is_left() {
        for t in 0..120 {
            assert_eq!(halved(f64::from(t)), 0.5f64.powi(t));
        }
        assert!([120.0, 1e3, 1e300, f64::INFINITY, f64::NAN].iter().all(|t| halved(*t).to_bits() == 0));
    }
}
