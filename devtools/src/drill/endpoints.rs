//! Where the service is, as its clients find it.

/// How clients come to an address of the service.
pub(crate) trait Door {
    /// The address to go to, `http://host:port`. Where there are several, each turn leads to the next.
    fn address(&self, turn: usize) -> String;

    /// Looks again for where the service is; for who got no answer.
    fn look_again(&self) -> impl Future<Output = ()>;
}
