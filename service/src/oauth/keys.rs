//! A JSON Web Key Set, and which of its keys may check what.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

/// The most keys of a set that are used: issuers have two or three.
const MAX_KEYS: usize = 64;

/// A public key of the issuer.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    algorithm: Option<KeyAlgorithm>,
    family: AlgorithmFamily,
    curve: Option<EllipticCurve>,
    decoding: DecodingKey,
}

/// The keys of a set that can check signatures. A key that cannot, or that is of a kind unknown here, is left out.
///
/// # Errors
/// A document that is no key set.
pub(super) fn read(document: Value) -> Result<Vec<Key>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_value(document)?;
    let keys = set.keys.into_iter().filter_map(|key| Key::new(&serde_json::from_value(key).ok()?));
    Ok(keys.take(MAX_KEYS).collect())
}

impl Key {
    fn new(jwk: &Jwk) -> Option<Self> {
        let (family, curve) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (AlgorithmFamily::Rsa, None),
            AlgorithmParameters::EllipticCurve(key) => (AlgorithmFamily::Ec, Some(key.curve.clone())),
            AlgorithmParameters::OctetKeyPair(key) => (AlgorithmFamily::Ed, Some(key.curve.clone())),
            // A shared secret has no place in a public document.
            _ => return None,
        };
        let common = &jwk.common;
        let signs = common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
        let verifies = common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        if !signs || !verifies {
            return None;
        }
        let decoding = DecodingKey::from_jwk(jwk).ok()?;
        Some(Self { id: common.key_id.clone(), algorithm: common.key_algorithm, family, curve, decoding })
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether a token of this algorithm may be checked with it: by what it is, and by what it says it is for.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        let curve = match algorithm {
            Algorithm::ES256 => Some(EllipticCurve::P256),
            Algorithm::ES384 => Some(EllipticCurve::P384),
            Algorithm::EdDSA => Some(EllipticCurve::Ed25519),
            _ => None,
        };
        self.family == algorithm.family()
            && self.curve == curve
            && self.algorithm.is_none_or(|meant| meant == KeyAlgorithm::from(algorithm))
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ec(more: Value) -> Value {
        let mut key = json!({"kty": "EC", "crv": "P-256", "kid": "a",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
        key.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        key
    }

    fn one(key: Value) -> Option<Key> {
        read(json!({"keys": [key]})).unwrap().pop()
    }

    #[test]
    fn a_key_checks_what_it_is_and_says_it_is_for() {
        assert!(one(ec(json!({}))).unwrap().fits(Algorithm::ES256));
        assert!(one(ec(json!({"alg": "ES256", "use": "sig"}))).unwrap().fits(Algorithm::ES256));
        for (more, algorithm) in [
            (json!({}), Algorithm::ES384),
            (json!({}), Algorithm::RS256),
            (json!({}), Algorithm::HS256),
            (json!({"alg": "ES384"}), Algorithm::ES256),
            (json!({"alg": "RSA-OAEP"}), Algorithm::ES256),
            (json!({"crv": "P-384"}), Algorithm::ES256),
        ] {
            assert!(!one(ec(more.clone())).unwrap().fits(algorithm), "{more} {algorithm:?}");
        }
    }

    #[test]
    fn what_cannot_check_is_left_out_and_harms_no_other() {
        let bad = [
            ec(json!({"use": "enc"})),
            ec(json!({"key_ops": ["sign"]})),
            ec(json!({"crv": "P-999"})),
            ec(json!({"x": 7})),
            json!({"kty": "oct", "k": "c2VjcmV0", "kid": "a"}),
            json!({"kty": "new"}),
            json!("no key"),
        ];
        let mut keys = bad.to_vec();
        keys.push(ec(json!({})));
        assert_eq!(read(json!({"keys": keys})).unwrap().len(), 1);
        assert!(read(json!({"keys": 1})).is_err() && read(json!([])).is_err());
    }
}
