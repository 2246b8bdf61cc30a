//! The image that is built without an engine: a static binary and root certificates. The Dockerfile builds an equal
//! one.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Serialize;

use super::{
    Architecture, certificates,
    labels::Labels,
    layer::{Archive, File},
    oci::Unpacked,
};
use crate::timestamp;

const USER: &str = "65532:65532";
const ENTRYPOINT: &str = "/mcp-stateful";
const ENVIRONMENT: [&str; 3] = ["MCP_HOST=0.0.0.0", "MCP_STATE_BACKEND=dynamodb", "MCP_LOG_FORMAT=json"];
const PORT: &str = "3333/tcp";
const STOP_SIGNAL: &str = "SIGTERM";

/// The contents of the image's blobs, in their order.
pub const PARTS: [&str; 3] = ["layer of the certificates", "layer of the binary", "configuration"];

#[derive(Serialize)]
struct Configuration<'a> {
    created: String,
    architecture: &'a str,
    os: &'a str,
    config: Runtime<'a>,
    rootfs: RootFs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Runtime<'a> {
    user: &'a str,
    exposed_ports: BTreeMap<&'a str, Nothing>,
    env: [&'a str; 3],
    entrypoint: [&'a str; 1],
    labels: &'a Labels,
    stop_signal: &'a str,
}

#[derive(Serialize)]
struct RootFs<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    diff_ids: Vec<&'a str>,
}

#[derive(Serialize)]
struct Nothing {}

/// Builds the image of a binary. `created` is in seconds since 1970.
pub(super) fn image(
    binary: &[u8],
    architecture: Architecture,
    labels: &Labels,
    created: u64,
) -> anyhow::Result<Unpacked> {
    let certificates = certificates::pem();
    // The certificates have a layer of their own: they rarely change, so it is pushed once.
    let layers = [
        File { path: certificates::PATH, mode: 0o644, bytes: certificates.as_bytes() },
        File { path: ENTRYPOINT.trim_start_matches('/'), mode: 0o755, bytes: binary },
    ];
    let layers = layers.map(|file| Archive::from_files(&[file])).into_iter().collect::<Result<Vec<_>, _>>();
    let layers = layers.context("cannot build the image's layers")?;
    let configuration = serde_json::to_vec(&Configuration {
        created: timestamp::rfc3339(created),
        architecture: architecture.oci(),
        os: "linux",
        config: Runtime {
            user: USER,
            exposed_ports: BTreeMap::from([(PORT, Nothing {})]),
            env: ENVIRONMENT,
            entrypoint: [ENTRYPOINT],
            labels,
            stop_signal: STOP_SIGNAL,
        },
        rootfs: RootFs { kind: "layers", diff_ids: layers.iter().map(|layer| layer.diff_id.as_str()).collect() },
    });
    Ok(Unpacked::new(configuration.context("cannot serialize the image's configuration")?, layers))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        image::{labels, oci::Image},
        source::identity::tests::of_service,
    };

    fn unpacked(binary: &[u8], revision: &str, created: u64) -> Unpacked {
        image(binary, Architecture::X86_64, &labels::for_identity(&of_service(revision)), created).unwrap()
    }

    fn made(binary: &[u8], revision: &str, created: u64) -> Image {
        unpacked(binary, revision, created).pack().unwrap()
    }

    #[test]
    fn same_source_is_the_same_image() {
        let image = made(b"binary", "abc", 1);
        assert_eq!(made(b"binary", "abc", 1).digest, image.digest);
        assert_ne!(made(b"binary", "abd", 1).digest, image.digest);
        assert_ne!(made(b"binary", "abc", 2).digest, image.digest);
        assert_ne!(made(b"other", "abc", 1).digest, image.digest);
        let id = unpacked(b"binary", "abc", 1).id;
        assert_eq!(unpacked(b"binary", "abc", 1).id, id);
        for other in [unpacked(b"other", "abc", 1), unpacked(b"binary", "abd", 1), unpacked(b"binary", "abc", 2)] {
            assert_ne!(other.id, id);
        }
        // The certificates' layer never depends on the source.
        assert_eq!(made(b"other", "abd", 2).blobs[0], image.blobs[0]);
    }

    #[test]
    fn configuration_lists_layers_by_diff_id() {
        let image = made(b"binary", "abc", 0);
        let configuration: Value = serde_json::from_slice(&image.blobs[2].1).unwrap();
        assert_eq!(configuration["created"], "1970-01-01T00:00:00Z");
        assert_eq!(configuration["architecture"], "amd64");
        assert_eq!(configuration["config"]["User"], USER);
        assert_eq!(configuration["config"]["ExposedPorts"], serde_json::json!({"3333/tcp": {}}));
        assert_eq!(configuration["config"]["Labels"]["org.opencontainers.image.revision"], "abc");
        let binary = Archive::from_files(&[File { path: "mcp-stateful", mode: 0o755, bytes: b"binary" }]).unwrap();
        assert_eq!(configuration["rootfs"]["diff_ids"][1], binary.diff_id);
        assert_eq!(image.blobs[1].0, binary.pack().unwrap().digest);
        assert_eq!(image.blobs.len(), PARTS.len());
    }

    #[test]
    fn dockerfile_builds_an_equal_image() {
        let dockerfile = include_str!("../../../Dockerfile");
        let last = dockerfile.split("FROM scratch").nth(1).unwrap();
        for line in [
            format!("USER {USER}"),
            format!("EXPOSE {}", PORT.trim_end_matches("/tcp")),
            format!("STOPSIGNAL {STOP_SIGNAL}"),
            format!("ENTRYPOINT [\"{ENTRYPOINT}\"]"),
            format!("ENV {}", ENVIRONMENT.join(" ")),
            format!("COPY --from=build /{0} /{0}", certificates::PATH),
        ] {
            assert!(last.lines().any(|found| found == line), "the Dockerfile has no line {line}");
        }
    }
}
