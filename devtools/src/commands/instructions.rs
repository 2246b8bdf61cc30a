//! `cargo xtask instructions`: counts what the service executes for a request on its hot paths, and fails if that has become
//! more than what is kept.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use bench_load::connection::Connection;

use crate::{
    bench::{peer, store::Store},
    cli,
    instructions::{
        callgrind::{self, Callgrind},
        figures::{Figure, Figures, HOW_TO_ACCEPT},
        hot_path::HotPath,
        verdict::{self, Change, TOLERANCE_PERCENT},
    },
    quick_build::Quick,
    server::{self, Server},
};
use xtask::{
    cargo, environment,
    error::{self, ErrorExt, Exit},
    process::{self, CommandLine},
    runtime, ui,
};

/// Requests before it is counted: by then every session and the hot text are there, and connections and buffers have grown.
const WARM_UP: u64 = 100;
/// The first number of a request: all have as many digits, so all requests are of the same length.
const FIRST: u64 = 1000;

/// What this machine can count.
struct Counter {
    quick: Quick,
    valgrind: String,
}

pub(crate) fn run(args: &cli::Instructions) -> anyhow::Result<()> {
    let counter = Counter::find()?;
    if args.accept {
        let file = file();
        counter.count()?.keep(&file)?;
        ui::result(&format!("the new figures are in {}", file.display()));
        return Ok(());
    }
    compare(&counter, &counter.kept()?)
}

/// As CI has it: a machine that cannot compare says so, and has not passed where it matters.
pub(super) fn in_ci() -> anyhow::Result<()> {
    match Counter::find().and_then(|counter| Ok((counter.kept()?, counter))) {
        Ok((kept, counter)) => compare(&counter, &kept),
        Err(cannot) if error::exit_of(&cannot) == Exit::Preflight && !environment::is_ci() => {
            let hints: String = error::hints_of(&cannot).iter().map(|hint| format!("; {hint}")).collect();
            ui::warning(&format!("NOT COUNTED: {cannot:#}{hints}"));
            Ok(())
        }
        Err(cannot) => Err(cannot),
    }
}

fn compare(counter: &Counter, kept: &Figures) -> anyhow::Result<()> {
    let now = counter.count()?;
    let verdicts = verdict::judge(kept, &now);
    ui::result(&verdict::render(&verdicts));
    let those = |wanted: fn(Change) -> bool| -> Vec<&str> {
        verdicts.iter().filter(|verdict| wanted(verdict.change())).map(|verdict| verdict.path.as_str()).collect()
    };
    if kept.tools != now.tools && !those(|change| change != Change::None).is_empty() {
        ui::warning(&format!("kept with {}, and now with {}", kept.tools.join(", "), now.tools.join(", ")));
    }
    let (failed, cheaper) = (those(Change::fails), those(|change| change == Change::Cheaper));
    if !failed.is_empty() {
        return Err(anyhow!("over {TOLERANCE_PERCENT} % above what is kept, or not kept: {}", failed.join("; ")))
            .hint("look for what a request does now that it did not do before")
            .hint(HOW_TO_ACCEPT);
    }
    if !cheaper.is_empty() {
        ui::warning(&format!("cheaper, and not guarded until that is kept: {}; {HOW_TO_ACCEPT}", cheaper.join("; ")));
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

    /// Builds, and counts every path.
    fn count(&self) -> anyhow::Result<Figures> {
        let target = cargo::target_directory()?;
        let store = cargo::build_store();
        ui::step("build", &store.to_string());
        process::run(&store)?;
        let service = self.quick.build()?;
        let directory = server::fresh_directory(target.join("tools").join("instructions"))?;
        let store = Store::start(&cargo::store_binary(&target), &directory.join("store.log"))?;
        Ok(Figures { build: self.quick.describe(), tools: self.tools()?, paths: paths(&service, &store, &directory)? })
    }

    /// What a change may come from that nobody made. Where the binary is not linked with glibc, nobody says its version.
    fn tools(&self) -> anyhow::Result<Vec<String>> {
        let rustc = CommandLine::new("rustc").arg("--version").directory(cargo::workspace_root());
        let libc =
            process::capture(&CommandLine::new("getconf").arg("GNU_LIBC_VERSION")).ok().filter(|said| said.success);
        let libc = libc.map(|said| said.stdout.trim().to_owned());
        Ok([process::read(&rustc)?, self.valgrind.clone()].into_iter().chain(libc).collect())
    }
}

fn paths(binary: &Path, store: &Store, directory: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut callgrind = Callgrind::new(directory);
    let port = xtask::local::ports::free_port()?;
    let line = peer::ours(binary, port).env("MCP_STATE_BACKEND", "dynamodb");
    // Valgrind lets one thread run at a time: what more of them do is to look for work.
    let line = peer::at_store(line, &store.endpoint()).env("TOKIO_WORKER_THREADS", "1");
    let server = Server::start(&callgrind.over(line), port, &directory.join("service.log"))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut figures = Vec::new();
    for path in HotPath::ALL {
        let name = path.name();
        ui::step("count", &name);
        let work = requests(path, address, || callgrind.take(server.pid()));
        let instructions = runtime::wait_for(work)?.with_context(|| format!("{name} failed"))?;
        ensure!(instructions > 0, "nothing was counted on {name}");
        figures.push(Figure { path: name, instructions_per_request: instructions / path.counted() });
    }
    Ok(figures)
}

/// Sends a path's requests over one connection; returns what the counted ones took.
async fn requests(
    path: HotPath,
    address: SocketAddr,
    mut take: impl FnMut() -> anyhow::Result<u64>,
) -> anyhow::Result<u64> {
    let mut connection = Connection::new(address);
    let (warm, end) = (FIRST + WARM_UP, FIRST + WARM_UP + path.counted());
    for number in FIRST..warm {
        path.ask(&mut connection, number).await?;
    }
    take()?;
    for number in warm..end {
        path.ask(&mut connection, number).await?;
    }
    take()
}
