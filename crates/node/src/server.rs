//! A node at work: threads that send and do what is due, the HTTP interface, and a stop that loses nothing.

use crate::audit::sign_head;
use crate::front::{Front, Peer, TlsFront};
use crate::installation::Installation;
use crate::pressure::behind_door;
use crate::worker::Tools;
use crate::{Error, Result, Role};
use axum::Router;
use rilascio_exchange::envelope::AGE_MAX;
use rilascio_store::{Error as StoreError, journal, work};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Threads of each role: one sends, the others do jobs, so that one that waits for somebody else holds up no other.
const WORKERS: usize = 4;
/// The shortest and the longest pause of a worker that finds nothing to do.
const IDLE_MIN: Duration = Duration::from_millis(20);
const IDLE_MAX: Duration = Duration::from_millis(500);
/// How often heads are signed and the circle of nodes is read again.
const HEAD_EVERY: Duration = Duration::from_secs(60);

/// The workers of an installation.
pub struct Workers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts the workers of every role.
    #[must_use]
    pub fn start(installation: &Arc<Installation>, tools: &BTreeMap<Role, Tools>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for (role, desk) in &installation.desks {
            let Some(tools) = tools.get(role) else {
                continue;
            };
            for sends in (0..WORKERS).map(|n| n == 0) {
                let (desk, tools, stop) = (Arc::clone(desk), tools.clone(), Arc::clone(&stop));
                let clock = Arc::clone(&installation.clock);
                threads.push(std::thread::spawn(move || {
                    let mut pause = IDLE_MIN;
                    while !stop.load(Ordering::Relaxed) {
                        let now = clock();
                        let done = if sends { desk.send_one(&tools, now) } else { desk.work_one(&tools, now) };
                        match done {
                            Ok(true) => pause = IDLE_MIN,
                            Ok(false) => {
                                std::thread::sleep(pause);
                                pause = (pause * 2).min(IDLE_MAX);
                            }
                            Err(why) => {
                                tracing::error!(role = desk.role().name(), code = why.code(), fault = %why, "work failed");
                                std::thread::sleep(IDLE_MAX);
                            }
                        }
                    }
                }));
            }
        }
        let (installation, halt) = (Arc::clone(installation), Arc::clone(&stop));
        threads.push(std::thread::spawn(move || keep_house(&installation, &halt)));
        Self { stop, threads }
    }

    /// Lets every worker finish what it has in hand.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// Signs heads that grew, and forgets what is too old to come again.
fn keep_house(installation: &Installation, stop: &AtomicBool) {
    let mut signed: BTreeMap<Role, u64> = BTreeMap::new();
    let mut next = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        if Instant::now() < next {
            std::thread::sleep(IDLE_MAX);
            continue;
        }
        next = Instant::now() + HEAD_EVERY;
        if let Err(why) = installation.renew_circle() {
            tracing::error!(code = why.code(), fault = %why, "the circle of nodes cannot be read");
        }
        for role in installation.desks.keys() {
            if let Err(why) = keep_role(installation, *role, &mut signed) {
                tracing::error!(role = role.name(), code = why.code(), fault = %why, "house-keeping failed");
            }
        }
    }
    for role in installation.desks.keys() {
        let _ = keep_role(installation, *role, &mut signed);
    }
}

fn keep_role(
    installation: &Installation,
    role: Role,
    signed: &mut BTreeMap<Role, u64>,
) -> Result<()> {
    let Some(desk) = installation.desks.get(&role) else {
        return Ok(());
    };
    let (size, _) = desk
        .store()
        .read::<_, StoreError, _>(journal::size_and_root)?;
    if size > 0 && signed.get(&role) != Some(&size) {
        sign_head(desk.store(), desk.head())?;
        signed.insert(role, size);
    }
    let before = (installation.clock)() - AGE_MAX - AGE_MAX;
    let before = before.as_millisecond();
    desk.store()
        .write::<_, StoreError, _>(move |tx| work::forget_received(tx, before))?;
    Ok(())
}

/// Serves that router (the HTTP interface, and what is built over it) until `stop` comes; then lets the workers finish. A
/// proxy at that address is believed when it says where a request comes from.
///
/// # Errors
/// When the interface breaks.
pub async fn serve(
    front: Front,
    proxy: Option<IpAddr>,
    router: Router,
    installation: Arc<Installation>,
    tools: BTreeMap<Role, Tools>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let workers = Workers::start(&installation, &tools);
    let service = behind_door(router, proxy).into_make_service_with_connect_info::<Peer>();
    let served = match front {
        Front::Plain(listener) => {
            axum::serve(listener, service)
                .with_graceful_shutdown(stop)
                .await
        }
        Front::Tls(listener, config) => match TlsFront::new(listener, config) {
            Ok(front) => {
                axum::serve(front, service)
                    .with_graceful_shutdown(stop)
                    .await
            }
            Err(why) => Err(why),
        },
    };
    let stopped = tokio::task::spawn_blocking(move || workers.stop()).await;
    served.map_err(|why| Error::Malformed {
        what: "HTTP interface",
        why: why.to_string(),
    })?;
    stopped.map_err(|why| Error::Malformed {
        what: "workers",
        why: why.to_string(),
    })
}
