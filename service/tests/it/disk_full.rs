//! The embedded store on a full disk: a small file system in a mount namespace that only the server sees.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    fresh,
    server::{Server, Setup},
};

/// The mount point of the small file system, as the server sees it.
const DISK: &str = "/mnt";
/// Mounts the file system, then executes the rest of the command line.
const MOUNT: &str = "mount -t tmpfs -o size=4m tmpfs /mnt && exec \"$@\"";
const IN_A_NAMESPACE: [&str; 6] = ["--mount", "--map-root-user", "sh", "-c", MOUNT, "sh"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_rejects_only_writes() {
    if !mount_namespaces_are_permitted() {
        // A skipped test must not pass in CI.
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "this machine does not permit mount namespaces");
        println!("SKIPPED: this machine does not permit mount namespaces");
        return;
    }
    let state = PathBuf::from(DISK).join("notes.db");
    let setup = Setup::new().token().state_path(&state).arg("--max-answer-bytes").arg("16777216");
    let server = setup.run_by("unshare", &IN_A_NAMESPACE).start();
    let session = fresh("full");
    let mut acknowledged = Vec::new();
    for _ in 0..20 {
        assert_eq!(write(&server, &session, &mut acknowledged).await, Ok(()));
    }

    let filler = fill(&server);
    let refused = loop {
        // SQLite can still fill the pages that it has allocated already.
        if let Err(refused) = write(&server, &session, &mut acknowledged).await {
            break refused;
        }
        assert!(acknowledged.len() < 2000, "the disk does not fill up");
    };
    let text = refused["error"].as_str().unwrap();
    assert!(text.starts_with("the store has no space left; "), "{text}");
    assert!(!text.contains(DISK) && !text.to_lowercase().contains("sql") && !text.contains("disk I/O"), "{text}");
    for _ in 0..20 {
        let started = Instant::now();
        write(&server, &session, &mut acknowledged).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(10), "the deadline is 8 s");
    }
    assert_eq!(server.notes(&session).await, acknowledged);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), 200, "{path}");
    }

    std::fs::remove_file(filler).unwrap();
    assert_eq!(write(&server, &session, &mut acknowledged).await, Ok(()));
    assert_eq!(server.notes(&session).await, acknowledged);
}

/// Writes a note of a few pages and records it if it is acknowledged.
async fn write(server: &Server, session: &str, acknowledged: &mut Vec<String>) -> Result<(), Value> {
    let note = format!("{}{}", acknowledged.len(), "x".repeat(10_000));
    match server.call("add_note", json!({"session_id": session, "note": note})).await {
        (200, _) => {
            acknowledged.push(note);
            Ok(())
        }
        (_, body) => Err(body),
    }
}

/// Fills the server's disk to the last byte and returns the path of the filler file.
fn fill(server: &Server) -> PathBuf {
    let path = PathBuf::from(format!("/proc/{}/root{DISK}/filler", server.pid()));
    File::create(&path).unwrap();
    for size in [65536, 4096, 1] {
        let mut filler = OpenOptions::new().append(true).open(&path).unwrap();
        let full = loop {
            if let Err(error) = filler.write_all(&vec![0; size]) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
    }
    path
}

fn mount_namespaces_are_permitted() -> bool {
    let mut command = Command::new("unshare");
    command.args(IN_A_NAMESPACE).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
