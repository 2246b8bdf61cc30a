//! Parses a JSON Web Key Set and selects the keys that may verify a token.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

/// The maximum number of signature checks for one token, because any client can present tokens that name no key. The
/// size of the document limits the number of keys (RFC 7517 does not).
const MAX_TRIED: usize = 64;

/// A public key of the issuer.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    algorithm: Option<KeyAlgorithm>,
    family: AlgorithmFamily,
    curve: Option<EllipticCurve>,
    decoding: DecodingKey,
}

/// Returns the keys of a set that can verify signatures. Skips other keys and unknown kinds (RFC 7517, section 5).
///
/// # Errors
/// A document that is not a key set.
pub(super) fn parse(document: Value) -> Result<Vec<Key>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_value(document)?;
    Ok(set.keys.into_iter().filter_map(|key| Key::new(&serde_json::from_value(renamed(key)).ok()?)).collect())
}

/// Replaces the algorithm name `Ed25519` of RFC 9864 by the older `EdDSA`, which is the same on this curve.
fn renamed(mut key: Value) -> Value {
    if key["alg"] == "Ed25519" && key["crv"] == "Ed25519" {
        key["alg"] = "EdDSA".into();
    }
    key
}

/// The keys that may verify one token.
pub(super) struct Candidates<'a> {
    keys: Vec<&'a Key>,
    named: bool,
}

impl<'a> Candidates<'a> {
    /// Selects the keys with the token's `kid`, or the keys without any if no key has it. All keys are candidates for a
    /// token without `kid`. It is optional in both (RFC 7515, section 4.1.4; RFC 7517, section 4.5).
    pub(super) fn new(all: &'a [Key], id: Option<&str>) -> Self {
        let Some(id) = id else { return Self { keys: all.iter().collect(), named: false } };
        let named: Vec<&Key> = all.iter().filter(|key| key.id.as_deref() == Some(id)).collect();
        if named.is_empty() {
            return Self { keys: all.iter().filter(|key| key.id.is_none()).collect(), named: false };
        }
        Self { keys: named, named: true }
    }

    /// Returns true if the token's `kid` names the candidates, so that no other key can verify the token.
    pub(super) fn are_named(&self) -> bool {
        self.named
    }

    /// Returns the candidates that may verify a token of this algorithm, at most [`MAX_TRIED`].
    pub(super) fn for_algorithm(&self, algorithm: Algorithm) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().copied().filter(move |key| key.can_verify(algorithm)).take(MAX_TRIED)
    }
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

    /// Returns true if the key may verify a token of this algorithm, by its type and by its own `alg`. A key whose
    /// `alg` is unknown here is meant for that algorithm and for no other (RFC 7517, section 4.4; RFC 8725, section
    /// 3.1).
    fn can_verify(&self, algorithm: Algorithm) -> bool {
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
            (json!({"alg": "ES256-next"}), Algorithm::ES256),
            (json!({"crv": "P-384"}), Algorithm::ES256),
        ] {
            assert!(!one(ec(more.clone())).unwrap().can_verify(algorithm), "{more} {algorithm:?}");
        }
    }

    #[test]
    fn ed25519_is_eddsa() {
        let okp = |alg: &str| json!({"kty": "OKP", "crv": "Ed25519", "alg": alg, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        for (alg, expected) in [("EdDSA", true), ("Ed25519", true), ("Ed448", false)] {
            assert_eq!(one(okp(alg)).unwrap().can_verify(Algorithm::EdDSA), expected, "{alg}");
        }
    }

    #[test]
    fn unnamed_keys_are_candidates_if_none_is_named() {
        let set = |ids: &[&str]| {
            let keys = ids.iter().map(|id| ec(if id.is_empty() { json!({"kid": null}) } else { json!({"kid": id}) }));
            parse(json!({"keys": keys.collect::<Vec<_>>()})).unwrap()
        };
        for (ids, kid, count, named) in [
            (&["a", "b"][..], Some("b"), 1, true),
            (&["a", "b"], Some("c"), 0, false),
            (&["a", "b"], None, 2, false),
            (&["", ""], Some("c"), 2, false),
            (&["", "c"], Some("c"), 1, true),
            (&[""; 100], None, MAX_TRIED, false),
        ] {
            let keys = set(ids);
            let candidates = Candidates::new(&keys, kid);
            let found = (candidates.for_algorithm(Algorithm::ES256).count(), candidates.are_named());
            assert_eq!(found, (count, named), "{ids:?} {kid:?}");
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
