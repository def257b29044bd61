//! Clients that keep a server busy without asking it anything.

use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use crate::client::Target;

/// Opens so many connections: a third never begins TLS, a third is silent after it, a third sends
/// the head of a request byte by byte. They last as long as the value.
pub(crate) async fn hold(
    target: &Rc<Target>,
    number: usize,
) -> Result<JoinSet<()>, Box<dyn Error>> {
    let mut held = JoinSet::new();
    for client in 0..number {
        if client % 3 == 0 {
            let stream = target.open().await?;
            held.spawn_local(async move {
                std::future::pending::<()>().await;
                drop(stream);
            });
            continue;
        }
        let mut stream = target.connect().await?;
        held.spawn_local(async move {
            if client % 3 == 1 {
                std::future::pending::<()>().await;
            }
            for byte in b"POST /validate HTTP/1.1\r\n".iter().chain([b'a'; 4096].iter()) {
                if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }
    Ok(held)
}
