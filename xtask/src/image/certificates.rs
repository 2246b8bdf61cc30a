//! The root certificates that the service trusts, as the file that programs on Linux look for.

use base64::{Engine, prelude::BASE64_STANDARD};

/// Where the file is in the image, without the leading slash.
pub(super) const PATH: &str = "etc/ssl/certs/ca-certificates.crt";

/// How long a line of PEM is.
const WIDTH: usize = 64;

/// Mozilla's root certificates, as PEM.
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
    fn every_certificate_is_one_that_can_be_used() {
        let certificates = reqwest::Certificate::from_pem_bundle(pem().as_bytes()).unwrap();
        assert_eq!(certificates.len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
        assert!(certificates.len() > 100);
        assert!(pem().lines().all(|line| line.len() <= WIDTH));
    }
}
