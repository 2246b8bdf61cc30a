//! The file of the embedded store: whole after a stop, refused if it is not usable, backed up while it is in use.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use mcp_stateful::store::embedded::{Contents, verify};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    fresh,
    server::{Server, Setup},
};

/// A folder with the path of a store's file.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("notes.db")
    }

    fn start(&self) -> Server {
        Setup::new().state_path(&self.path()).start()
    }

    /// Runs the binary with this store and returns its exit code and standard error.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let setup = arguments.iter().fold(Setup::new().state_path(&self.path()), |setup, argument| setup.arg(argument));
        let (mut command, _folder) = setup.command();
        // A server that starts although it should not must end.
        let output = command.env("MCP_PORT", "99999").stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// Copies the file alone, without SQLite's log, to a folder of its own.
    fn copy(&self) -> Self {
        let copy = Self::new();
        fs::copy(self.path(), copy.path()).unwrap();
        copy
    }
}

async fn add(server: &Server, session: &str, notes: std::ops::Range<usize>) {
    for n in notes {
        let (status, body) = server.call("add_note", json!({"session_id": session, "note": format!("note {n}")})).await;
        assert_eq!(status, 200, "{body}");
    }
}

fn stop(mut server: Server) {
    server.terminate();
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(0));
}

/// Writes a store of this many notes of 10,000 bytes each.
fn fill(folder: &Folder, notes: usize) {
    stop(folder.start());
    let connection = Connection::open(folder.path()).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    for n in 0..notes {
        let (pk, sk, note) = (format!("SESSION#{n}"), format!("NOTE#{}", 1_700_000_000 + n), "x".repeat(10_000));
        let item = json!({"pk": {"S": pk}, "sk": {"S": sk}, "note": {"S": note}}).to_string();
        let insert = "INSERT INTO mcp_state (pk, sk, item_json, item_size) VALUES (?1, ?2, ?3, 10000)";
        connection.execute(insert, (format!("S:{pk}"), format!("S:{sk}"), &item)).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

fn overwrite(path: &Path, at: usize, bytes: &[u8]) {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(bytes).unwrap();
}

#[tokio::test]
async fn file_is_whole_after_a_stop() {
    for idle in [0, 3500] {
        let (folder, session) = (Folder::new(), fresh("whole"));
        let server = folder.start();
        add(&server, &session, 0..100).await;
        tokio::time::sleep(Duration::from_millis(idle)).await;
        stop(server);
        assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 1, "SQLite's log is still there");
        let copy = folder.copy();
        assert_eq!(verify(&copy.path()).unwrap(), Contents { notes: 100, sessions: 1 }, "idle for {idle} ms");
        assert_eq!(copy.start().notes(&session).await.len(), 100);
    }
}

#[tokio::test]
async fn stop_merges_what_a_kill_left() {
    let (folder, session) = (Folder::new(), fresh("killed"));
    let mut server = folder.start();
    add(&server, &session, 0..50).await;
    server.kill();
    stop(folder.start());
    assert_eq!(verify(&folder.copy().path()).unwrap().notes, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_file() {
    let (folder, session) = (Folder::new(), fresh("shared"));
    let (one, other) = (folder.start(), folder.start());
    tokio::join!(add(&one, &session, 0..200), add(&other, &session, 200..400));
    for server in [&one, &other] {
        let mut notes = server.notes(&session).await;
        notes.sort();
        notes.dedup();
        assert_eq!(notes.len(), 400);
    }
    // The first one to stop leaves the log to the other.
    stop(one);
    add(&other, &session, 400..410).await;
    stop(other);
    assert_eq!(verify(&folder.copy().path()).unwrap().notes, 410);
}

/// Damages a file.
type Damage = Box<dyn Fn(&Path)>;

#[test]
fn unusable_file_is_refused_and_unchanged() {
    let sql = |statements: &'static str| {
        move |path: &Path| Connection::open(path).unwrap().execute_batch(statements).unwrap()
    };
    let half = |path: &Path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    };
    let other_program = |path: &Path| {
        fs::remove_file(path).unwrap();
        Connection::open(path).unwrap().execute_batch("CREATE TABLE bookmarks (url)").unwrap();
    };
    let log_only = |path: &Path| {
        fs::write(path.with_extension("db-wal"), "left by a crash").unwrap();
        fs::write(path, "").unwrap();
    };
    let cases: [(&str, Damage, &str, &str); 9] = [
        ("half a file", Box::new(half), "it is damaged: it is cut off", "restore BACKUP"),
        ("a bad page", Box::new(|path| overwrite(path, 40 * 4096, &[0x5a; 4096])), "it is damaged", "restore BACKUP"),
        ("zeros", Box::new(|path| overwrite(path, 0, &[0; 4096])), "begins with zeros", "restore BACKUP"),
        ("an emptied file with a log", Box::new(log_only), "-wal) has content", "restore BACKUP"),
        ("noise", Box::new(|path| overwrite(path, 0, &[0xa7; 4096])), "it is encrypted", "another MCP_STATE_PATH"),
        ("text", Box::new(|path| fs::write(path, "dear reader").unwrap()), "not an SQLite", "another MCP_STATE_PATH"),
        ("another program's", Box::new(other_program), "of another program", "another MCP_STATE_PATH"),
        ("a newer engine's", Box::new(sql("UPDATE _config SET value = '9999'")), "newer version", "that version"),
        ("a newer server's", Box::new(sql("PRAGMA user_version = 99")), "newer version", "that version"),
    ];
    let good = Folder::new();
    fill(&good, 100);
    for (case, damage, reason, remedy) in cases {
        let folder = good.copy();
        damage(&folder.path());
        let before = fs::read(folder.path()).unwrap();
        let (code, stderr) = folder.run(&["--port", "0"]);
        assert_eq!(code, Some(1), "{case}: {stderr}");
        for part in ["notes.db", reason, remedy] {
            assert!(stderr.contains(part), "{case}: {part} is missing in {stderr}");
        }
        assert!(!stderr.contains("feature") && !stderr.contains("Dynoxide"), "{case}: {stderr}");
        assert_eq!(fs::read(folder.path()).unwrap(), before, "{case}: the file was changed");
    }
}

#[tokio::test]
async fn large_file_is_checked_while_serving() {
    let folder = Folder::new();
    fill(&folder, 4000);
    let whole = folder.start();
    wait_for(|| whole.log().contains("it is whole"), &whole).await;
    stop(whole);
    // The pages in the middle. Those of the newest notes stay readable.
    let size = usize::try_from(fs::metadata(folder.path()).unwrap().len()).unwrap();
    overwrite(&folder.path(), size / 2 / 4096 * 4096, &[0x5a; 64 * 4096]);
    let server = folder.start();
    wait_for(|| server.log().contains("the store's file is damaged"), &server).await;
    let response = server.get("/readyz").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), server.get("/healthz").send().await.unwrap().status().as_u16()),
        (503, 200)
    );
    assert!(response.text().await.unwrap().contains("the store's file is damaged"));
    let (status, body) = server.call("add_note", json!({"session_id": "0", "note": "n"})).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("mcp-stateful restore"), "{body}");
    assert_eq!(server.notes("0").await.len(), 1);
}

#[tokio::test]
async fn damage_while_serving_is_named() {
    let folder = Folder::new();
    fill(&folder, 1000);
    let server = folder.start();
    overwrite(&folder.path(), 100 * 4096, &vec![0x5a; 2000 * 4096]);
    let (status, body) = server.call("get_notes", json!({"session_id": "500"})).await;
    let error = body["error"].as_str().unwrap();
    assert!(status == 400 && error.contains("the store's file is damaged"), "{error}");
    assert!(!error.contains("notes.db") && !error.contains("disk image"), "{error}");
    assert_eq!(server.get("/readyz").send().await.unwrap().status(), 503);
}

async fn wait_for(is_done: impl Fn() -> bool, server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_done() {
        assert!(Instant::now() < deadline, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn missing_table_is_reported_if_the_file_existed() {
    let warning = "the file existed without this table";
    let folder = Folder::new();
    assert!(!folder.start().whole_log().contains(warning), "a new file");
    assert!(!folder.start().whole_log().contains(warning), "the same file");
    let mut other = Setup::new().state_path(&folder.path()).env("MCP_STATE_TABLE", "other").start();
    assert!(other.whole_log().contains(warning), "another table");
    fs::write(folder.path(), "").unwrap();
    assert!(folder.start().whole_log().contains(warning), "an emptied file");
}

#[cfg(target_os = "linux")]
#[test]
fn read_only_disk_is_named() {
    let mount = "mount -t tmpfs tmpfs /mnt && mount -o remount,ro /mnt && exec \"$@\"";
    let namespace = ["--mount", "--map-root-user", "sh", "-c", mount, "sh"];
    let permitted = Command::new("unshare").args(namespace).arg("true").stderr(Stdio::null()).status();
    if !permitted.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "this machine does not permit mount namespaces");
        println!("SKIPPED: this machine does not permit mount namespaces");
        return;
    }
    let setup = Setup::new().state_path(Path::new("/mnt/notes.db")).run_by("unshare", &namespace);
    let (mut command, _folder) = setup.command();
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("/mnt/notes.db: it or its folder is read-only"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backup_of_a_running_server_is_restored() {
    let (folder, session) = (Folder::new(), fresh("saved"));
    let server = folder.start();
    add(&server, &session, 0..100).await;
    let saved = folder.0.path().join("saved.db");
    let saved_name = saved.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let (code, stderr) = folder.run(arguments);
        (code == Some(0), stderr)
    };
    // Notes that are written meanwhile may be in the backup or not.
    let ((), (ok, line)) = tokio::join!(add(&server, &session, 100..200), async {
        tokio::task::block_in_place(|| run(&["backup", saved_name, "--port", "0"]))
    });
    assert!(ok && line.contains(" notes in 1 sessions of "), "{line}");
    let (ok, line) = run(&["verify", saved_name, "--port", "0"]);
    assert!(ok && line.contains("is whole: 1"), "{line}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o077, 0);
    }
    for (arguments, reason) in [
        (["backup", saved_name, "--port", "0"], "exists"),
        (["restore", saved_name, "--port", "0"], "a server uses"),
        (["restore", "/nonexistent", "--port", "0"], "does not exist"),
    ] {
        let (ok, line) = run(&arguments);
        assert!(!ok && line.contains(reason), "{line}");
    }
    assert_eq!(server.notes(&session).await.len(), 200);
    stop(server);
    overwrite(&folder.path(), 0, &[0xa7; 4096]);
    let (ok, line) = run(&["restore", saved_name, "--port", "0"]);
    assert!(ok && line.contains("the file before is"), "{line}");
    let notes = folder.start().notes(&session).await;
    assert!((100..=200).contains(&notes.len()) && notes[99] == "note 99", "{notes:?}");
    let names: Vec<_> = fs::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().any(|name| name.to_string_lossy().contains(".replaced-")), "{names:?}");
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".partial")), "{names:?}");
}
