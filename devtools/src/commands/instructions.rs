//! `cargo xtask instructions`: counts the instructions that a request executes on the hot paths, and fails if they
//! exceed the counts in docs/bench.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use bench_load::connection::Connection;

use crate::{
    bench::{peer, stand_in::StandIn},
    cli,
    instructions::{
        callgrind::{self, Callgrind},
        figures::{Figure, Figures, HOW_TO_ACCEPT},
        hot_path::HotPath,
        verdict::{self, Change, TOLERANCE_PERCENT},
    },
    quick_build::Quick,
    requirements::Unmet,
    server::{self, Server},
};
use xtask::{
    cargo::{self, build},
    error::{self, ErrorExt},
    process::{self, CommandLine},
    runtime, ui,
};

/// Requests before the counted ones. They create the sessions and the cached text, and let connections and buffers
/// grow.
const WARM_UP: u64 = 100;
/// The number of the first request. All numbers have the same number of digits, and so all requests the same length.
const FIRST: u64 = 1000;

/// The tools that count on this machine.
struct Counter {
    quick: Quick,
    valgrind: String,
}

pub(crate) fn run(args: &cli::Instructions) -> anyhow::Result<()> {
    if args.accept {
        let file = file();
        Counter::find()?.count()?.keep(&file)?;
        ui::result(&format!("wrote the new counts to {}", file.display()));
        return Ok(());
    }
    compare_with_kept()
}

/// Counts, and fails if a path executes more than before.
pub(super) fn compare_with_kept() -> anyhow::Result<()> {
    let counter = Counter::find()?;
    compare(&counter, &counter.kept()?)
}

/// Returns why this machine's counts cannot be compared with the kept ones, or `None`. A missing tool does not count.
pub(super) fn limit() -> Option<Unmet> {
    if !cfg!(target_os = "linux") {
        return Some(Unmet {
            problem: "valgrind counts the instructions of Linux programs only (for instructions)".to_owned(),
            remedy: "run `cargo xtask instructions` on Linux".to_owned(),
        });
    }
    let error = Figures::kept(&file(), &Quick::find().ok()?.describe()).err()?;
    Some(Unmet { problem: format!("{error:#} (for instructions)"), remedy: error::hints_of(&error).join("; ") })
}

fn compare(counter: &Counter, kept: &Figures) -> anyhow::Result<()> {
    let now = counter.count()?;
    let verdicts = verdict::compare(kept, &now);
    ui::result(&verdict::render(&verdicts));
    let those = |wanted: fn(Change) -> bool| -> Vec<&str> {
        verdicts.iter().filter(|verdict| wanted(verdict.change())).map(|verdict| verdict.path.as_str()).collect()
    };
    if kept.tools != now.tools && !those(|change| change != Change::None).is_empty() {
        ui::warning(&format!(
            "the kept counts are from {}, the new ones from {}",
            kept.tools.join(", "),
            now.tools.join(", ")
        ));
    }
    let (failed, improved) = (those(Change::fails), those(|change| change == Change::Improved));
    if !failed.is_empty() {
        return Err(anyhow!(
            "more than {TOLERANCE_PERCENT} % above the kept count, or without one: {}",
            failed.join("; ")
        ))
        .hint("profile the request with callgrind, and compare with the last commit")
        .hint(HOW_TO_ACCEPT);
    }
    if !improved.is_empty() {
        ui::warning(&format!("improved: {}; {HOW_TO_ACCEPT}", improved.join("; ")));
    }
    Ok(())
}

fn file() -> PathBuf {
    cargo::workspace_root().join("docs").join("bench").join("instructions.json")
}

impl Counter {
    fn find() -> anyhow::Result<Self> {
        Ok(Self { valgrind: callgrind::version()?, quick: Quick::find()? })
    }

    fn kept(&self) -> anyhow::Result<Figures> {
        Figures::kept(&file(), &self.quick.describe())
    }

    /// Builds the service and counts every path.
    fn count(&self) -> anyhow::Result<Figures> {
        let target = cargo::target_directory()?;
        let store = cargo::build_store();
        ui::step("build", &store.to_string());
        let store = build::executable_of(&store, "bench-store")?;
        let service = self.quick.build()?;
        let directory = server::fresh_directory(target.join("tools").join("instructions"))?;
        let store = StandIn::start(&store, &directory.join("store.log"))?;
        Ok(Figures { build: self.quick.describe(), tools: self.tools()?, paths: paths(&service, &store, &directory)? })
    }

    /// The versions that can change a count without a change to the code.
    fn tools(&self) -> anyhow::Result<Vec<String>> {
        let rustc = CommandLine::new("rustc").arg("--version").directory(cargo::workspace_root());
        let libc =
            process::capture(&CommandLine::new("getconf").arg("GNU_LIBC_VERSION")).ok().filter(|output| output.success);
        let libc = libc.map(|output| output.stdout.trim().to_owned());
        Ok([process::read(&rustc)?, self.valgrind.clone()].into_iter().chain(libc).collect())
    }
}

fn paths(binary: &Path, store: &StandIn, directory: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut callgrind = Callgrind::new(directory);
    let port = xtask::local::ports::free_port()?;
    let line = peer::service_line(binary, port).env("MCP_STATE_BACKEND", "dynamodb");
    // Valgrind runs one thread at a time. More would add the instructions with which idle workers look for work.
    let line = peer::at_store(line, &store.endpoint()).env("TOKIO_WORKER_THREADS", "1");
    let server = Server::start(&callgrind.wrap(line), port, &directory.join("service.log"))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut figures = Vec::new();
    for path in HotPath::ALL {
        let name = path.name();
        ui::step("count", &name);
        let work = requests(path, address, || callgrind.take(server.pid()));
        let instructions = runtime::wait_for(work)?.with_context(|| format!("{name} failed"))?;
        ensure!(instructions > 0, "valgrind counted no instructions on {name}");
        figures.push(Figure { path: name, instructions_per_request: instructions / path.counted() });
    }
    Ok(figures)
}

/// Sends a path's requests over one connection, and returns the instructions of the counted ones.
async fn requests(
    path: HotPath,
    address: SocketAddr,
    mut take: impl FnMut() -> anyhow::Result<u64>,
) -> anyhow::Result<u64> {
    let mut connection = Connection::new(address);
    let (warm, end) = (FIRST + WARM_UP, FIRST + WARM_UP + path.counted());
    for number in FIRST..warm {
        path.request(&mut connection, number).await?;
    }
    take()?;
    for number in warm..end {
        path.request(&mut connection, number).await?;
    }
    take()
}
