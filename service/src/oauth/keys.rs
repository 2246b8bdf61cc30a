//! Parses a JSON Web Key Set and selects the keys that may verify a token.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

/// The maximum number of keys used from a set. Issuers publish two or three.
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

/// Returns the keys of a set that can verify signatures. Skips other keys and unknown kinds.
///
/// # Errors
/// A document that is not a key set.
pub(super) fn parse(document: Value) -> Result<Vec<Key>, serde_json::Error> {
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
            // A symmetric key in a public document is not a secret.
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

    /// Returns true if the key may verify a token of this algorithm, by its type and by its own `alg`.
    pub(super) fn can_verify(&self, algorithm: Algorithm) -> bool {
        let curve = match algorithm {
            Algorithm::ES256 => Some(EllipticCurve::P256),
            Algorithm::ES384 => Some(EllipticCurve::P384),
            Algorithm::EdDSA => Some(EllipticCurve::Ed25519),
            _ => None,
        };
        self.family == algorithm.family()
            && self.curve == curve
            && self.algorithm.is_none_or(|declared| declared == KeyAlgorithm::from(algorithm))
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
        parse(json!({"keys": [key]})).unwrap().pop()
    }

    #[test]
    fn key_verifies_only_its_type_and_declared_alg() {
        assert!(one(ec(json!({}))).unwrap().can_verify(Algorithm::ES256));
        assert!(one(ec(json!({"alg": "ES256", "use": "sig"}))).unwrap().can_verify(Algorithm::ES256));
        for (more, algorithm) in [
            (json!({}), Algorithm::ES384),
            (json!({}), Algorithm::RS256),
            (json!({}), Algorithm::HS256),
            (json!({"alg": "ES384"}), Algorithm::ES256),
            (json!({"alg": "RSA-OAEP"}), Algorithm::ES256),
            (json!({"crv": "P-384"}), Algorithm::ES256),
        ] {
            assert!(!one(ec(more.clone())).unwrap().can_verify(algorithm), "{more} {algorithm:?}");
        }
    }

    #[test]
    fn unusable_keys_are_skipped() {
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
        assert_eq!(parse(json!({"keys": keys})).unwrap().len(), 1);
        assert!(parse(json!({"keys": 1})).is_err() && parse(json!([])).is_err());
    }
}
