//! The connections that are open, and closing those that no request is using.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::Deserialize;
use tokio::sync::oneshot;

use crate::shared::lock;

/// How idle connections are closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// In good order: TLS `close_notify`, then FIN.
    #[default]
    Close,
    /// By RST, as after a crash or a firewall's forgetting.
    Reset,
}

/// An order to close; the sender is dropped once the socket is.
pub(crate) type Order = (How, oneshot::Sender<()>);

/// The idle connections, each with the way to reach it.
#[derive(Debug, Default)]
pub(crate) struct IdleConnections {
    orders: Mutex<HashMap<u64, oneshot::Sender<Order>>>,
}

impl IdleConnections {
    /// Notes that a connection waits for its next request; the receiver hears if it is to close.
    pub fn enter(&self, connection: u64) -> oneshot::Receiver<Order> {
        let (order, ordered) = oneshot::channel();
        lock(&self.orders).insert(connection, order);
        ordered
    }

    /// Notes that a connection is in use again, or gone.
    pub fn leave(&self, connection: u64) {
        lock(&self.orders).remove(&connection);
    }

    /// Closes every idle connection, and returns their number once their sockets are closed.
    pub async fn close(&self, how: How) -> usize {
        let orders: Vec<_> = lock(&self.orders).drain().collect();
        let mut closing = Vec::with_capacity(orders.len());
        for (_, order) in orders {
            let (done, closed) = oneshot::channel();
            if order.send((how, done)).is_ok() {
                closing.push(closed);
            }
        }
        let count = closing.len();
        for closed in closing {
            let _ = closed.await; // an error is the sender's end, which is the news
        }
        count
    }
}
