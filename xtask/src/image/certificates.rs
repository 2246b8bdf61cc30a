//! The root certificates that the service trusts, in the file that programs on Linux read.

use base64::{Engine, prelude::BASE64_STANDARD};

/// The file's path in the image, without the leading slash.
pub(super) const PATH: &str = "etc/ssl/certs/ca-certificates.crt";

/// The length of a line in PEM.
const WIDTH: usize = 64;

/// Returns Mozilla's root certificates as PEM.
pub(super) fn pem() -> String {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|certificate| encode(certificate)).collect()
}

fn encode(der: &[u8]) -> String {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = BASE64_STANDARD.encode(der);
    while rest.len() > WIDTH {
        let next = rest.split_off(WIDTH);
        pem += &rest;
        pem.push('\n');
        rest = next;
    }
    pem + &rest + "\n-----END CERTIFICATE-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_can_be_parsed() {
        let certificates = reqwest::Certificate::from_pem_bundle(pem().as_bytes()).unwrap();
        assert_eq!(certificates.len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
        assert!(certificates.len() > 100);
        assert!(pem().lines().all(|line| line.len() <= WIDTH));
    }
}
