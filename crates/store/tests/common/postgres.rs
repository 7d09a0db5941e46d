//! A PostgreSQL server of the system, started for a test in a folder of its own and stopped after it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
pub struct Server {
    folder: PathBuf,
    process: Child,
    port: u16,
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The server refuses to run as root: then it runs as the user that its package made.
fn command(program: &Path) -> Command {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program);
    command
}

impl Server {
    /// Starts a server; nothing, with a line that says so, where there is none to start.
    pub fn start(durable: bool) -> Option<Self> {
        let (Some(initdb), Some(postgres)) = (program("initdb"), program("postgres")) else {
            eprintln!("skipped: no PostgreSQL server here (Debian: apt install postgresql)");
            return None;
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let folder =
            std::env::temp_dir().join(format!("rilascio-postgres-{}-{port}", std::process::id()));
        let made = command(&initdb)
            .args([
                "--auth=trust",
                "--username=rilascio",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(&folder)
            .stdout(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "initdb failed");
        drop(listener);
        let fsync = if durable { "fsync=on" } else { "fsync=off" };
        let process = command(&postgres)
            .arg("-D")
            .arg(&folder)
            .args([
                "-p",
                &port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                fsync,
            ])
            .args(["-c", "unix_socket_directories=", "-c", "max_connections=60"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self {
            folder,
            process,
            port,
        };
        let until = Instant::now() + Duration::from_secs(30);
        while postgres::Client::connect(&server.url(), postgres::NoTls).is_err() {
            assert!(Instant::now() < until, "the server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("postgres://rilascio@127.0.0.1:{}/postgres", self.port)
    }

    /// The folder of its files.
    #[allow(dead_code, reason = "not every test looks into the files")]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An interrupt is a fast shutdown.
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
