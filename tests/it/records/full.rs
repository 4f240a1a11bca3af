//! A disk that is full: requests go on, records wait in memory, and all are written when there is room again.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::kit::upstream::openai;

/// A small disk of its own, which goes with the test.
struct Disk<'a>(&'a Path);

impl Disk<'_> {
    /// `None`, said aloud, where this process may not mount one.
    fn mount(at: &Path) -> Option<Disk<'_>> {
        std::fs::create_dir_all(at).expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Disk(at));
        }
        eprintln!("no small disk: only root may mount one");
        None
    }

    /// Takes all the room that is left; gives it back when it is told so.
    fn fill(&self) {
        let filler = std::fs::File::create(self.0.join("filler")).expect("a file");
        let mut filler = std::io::BufWriter::new(filler);
        while std::io::Write::write_all(&mut filler, &[0; 512]).is_ok() {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("the file goes");
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0).status().ok();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let openai = openai().start().await;
    let start = gateway().with(&openai);
    let data = start.folder().join("data");
    let Some(disk) = Disk::mount(&data) else { return };
    let gateway = start.start().await;
    let database = Database::File(data.join("ai-mcp-gateway.db"));
    gateway.chat("gpt-4o-mini", "hello").await;
    recorded(&database, 1).await;
    disk.fill();
    for _ in 0..300 {
        assert_eq!(gateway.chat("gpt-4o-mini", "hello").await.status, 200);
    }
    gateway.wait_for_log("they wait in memory").await;
    assert_eq!(metric(&gateway, "gateway_records_lost_total").await, 0);
    disk.empty();
    recorded(&database, 301).await;
    assert_eq!(metric(&gateway, "gateway_records_lost_total").await, 0);
}
