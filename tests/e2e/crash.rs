//! Kills the server at random moments while the story plays, and looks for every acknowledged command afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use server::commands::demo::{Audience, Player, Words};
use tokio::sync::Mutex;

use crate::harness::{Server, free_port, story, verify};

/// Kills in all.
const KILLS: u32 = 100;
/// The story is played at most so often to reach them.
const PLAYS_MAX: u32 = 6;

/// SplitMix64: the same seed kills at the same moments, as far as anything here is the same twice.
struct Moments(u64);

impl Moments {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    /// Waits until the server has lived long enough this time: a few steps of the story and a moment more, so that kills
    /// hit every part of it, or some seconds where a step is slow; longer each time after lives in which none was done, or a
    /// machine that is slower than a life is long would never get on.
    async fn life(&mut self, steps: &AtomicU32, in_vain: u32) {
        let target = steps.load(Ordering::SeqCst) + u32::try_from(self.below(4)).unwrap_or(0);
        let limit = Duration::from_millis(1_000 + self.below(5_000)) * (1 + in_vain);
        let begun = Instant::now();
        while steps.load(Ordering::SeqCst) < target && begun.elapsed() < limit {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(self.below(250))).await;
    }
}

/// Counts the steps done.
struct Counter(Arc<AtomicU32>);

impl Audience for Counter {
    fn chapter(&mut self, number: usize, of: usize, title: &Words) {
        println!("[{number}/{of}] {}", title.en);
    }
    fn step(&mut self, _number: usize, _of: usize, _say: &Words) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_a_hundred_times() {
    let seed = std::env::var("SHUYU_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| u64::from(std::process::id()) ^ Instant::now().elapsed().as_nanos() as u64);
    println!("SHUYU_SEED={seed}");
    let kills = Arc::new(AtomicU32::new(0));
    let mut moments = Moments(seed);
    let mut confirmed = 0;
    for play in 1..=PLAYS_MAX {
        confirmed += one_play(play, Moments(moments.below(u64::MAX)), &kills).await;
        if kills.load(Ordering::SeqCst) >= KILLS {
            println!("{confirmed} acknowledged commands found again after {KILLS} kills in {play} plays");
            return;
        }
    }
    panic!("only {} kills in {PLAYS_MAX} plays: the lives are too long", kills.load(Ordering::SeqCst));
}

async fn one_play(play: u32, mut moments: Moments, kills: &Arc<AtomicU32>) -> usize {
    let folder = tempfile::tempdir().expect("folder");
    let port = free_port();
    let server = Arc::new(Mutex::new(Server::start(&folder.path().join("data"), port).await));
    let mut player = server.lock().await.player(&format!("crash-{play}"));
    let over = Arc::new(AtomicBool::new(false));
    let steps = Arc::new(AtomicU32::new(0));
    let killer = {
        let (server, over, kills) = (Arc::clone(&server), Arc::clone(&over), Arc::clone(kills));
        let (steps, data) = (Arc::clone(&steps), folder.path().join("data"));
        tokio::spawn(async move {
            let mut in_vain = 0;
            while !over.load(Ordering::SeqCst) && kills.load(Ordering::SeqCst) < KILLS {
                let before = steps.load(Ordering::SeqCst);
                moments.life(&steps, in_vain).await;
                in_vain = if steps.load(Ordering::SeqCst) == before { in_vain + 1 } else { 0 };
                let mut server = server.lock().await;
                server.kill();
                kills.fetch_add(1, Ordering::SeqCst);
                *server = Server::start(&data, port).await;
            }
        })
    };
    let story = story();
    let mut confirmed = 0;
    for chapter in 0..story.chapters.len() {
        let before = player.acknowledged.len();
        if let Err(error) = player.play_chapter(&story, chapter, &mut Counter(Arc::clone(&steps))).await {
            panic!("after {} kills: {error:?}", kills.load(Ordering::SeqCst));
        }
        match player.confirm(before).await {
            Ok(count) => confirmed += count,
            Err(error) => panic!("after {} kills: {error:?}", kills.load(Ordering::SeqCst)),
        }
    }
    over.store(true, Ordering::SeqCst);
    killer.await.expect("killer");
    numbers_have_no_gap(&player);
    server.lock().await.kill();
    let (sound, said) = verify(&folder.path().join("data"));
    assert!(sound, "{said}");
    confirmed
}

/// Case numbers of each procedure run 1, 2, 3 … in the order in which the cases were acknowledged.
fn numbers_have_no_gap(player: &Player) {
    let mut last: BTreeMap<String, u32> = BTreeMap::new();
    for acknowledged in &player.acknowledged {
        if acknowledged.call.path != "/api/v1/cases" {
            continue;
        }
        let answer = acknowledged.answer.json();
        let number = answer.pointer("/number").and_then(|number| number.as_str()).expect("a number");
        let (prefix, count) = number.rsplit_once('-').expect("prefix and count");
        let count: u32 = count.parse().expect("count");
        let before = last.insert(prefix.to_owned(), count).unwrap_or(0);
        assert_eq!(count, before + 1, "{number} follows number {before}");
    }
    assert!(last.len() > 5, "cases were opened: {last:?}");
}
