//! Caches the credentials that requests to the table are signed with, and discards them when the table rejects them.
//!
//! The SDK's cache trusts the expiry that credentials name themselves. If that is wrong, because a clock is slow or a
//! session was revoked, the SDK would sign with rejected credentials for hours although the provider has new ones.

use std::{
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::config::{
    ConfigBag, Credentials, IdentityCache, Intercept, RuntimeComponents, SharedIdentityCache,
    interceptors::FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::identity::{Identity, IdentityFuture, ResolveCachedIdentity, SharedIdentityResolver},
};

use super::error::ErrorBody;
use crate::{clock, telemetry::targets};

/// The remaining lifetime below which credentials are left to the SDK, which renews them before they expire.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// The minimum interval between two cache resets, so that repeated rejections do not flood the credentials provider.
const MIN_RESET_INTERVAL: Duration = Duration::from_secs(1);

/// The cache. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct CredentialsCache(Arc<RwLock<Inner>>);

#[derive(Debug)]
struct Inner {
    cache: SharedIdentityCache,
    reset_at: Instant,
    /// The identity that the SDK's cache returned last.
    latest: Option<Identity>,
}

impl CredentialsCache {
    pub(super) fn new() -> Self {
        Self(Arc::new(RwLock::new(Inner::empty())))
    }

    /// Discards the credentials, so that the next attempt requests new ones.
    fn invalidate(&self) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if inner.reset_at.elapsed() >= MIN_RESET_INTERVAL {
            tracing::warn!(target: targets::CREDENTIALS, "the table rejects the credentials; requesting new ones");
            *inner = Inner::empty();
        }
    }

    fn sdk_cache(&self) -> SharedIdentityCache {
        self.inner().cache.clone()
    }

    /// Returns the identity that the SDK signed with last.
    pub(super) fn latest(&self) -> Option<Identity> {
        self.inner().latest.clone()
    }

    /// Returns true if the SDK would sign with `identity` now and until [`EXPIRY_MARGIN`] from now.
    pub(super) fn is_current(&self, identity: &Identity) -> bool {
        let margin_end = clock::now() + EXPIRY_MARGIN;
        self.inner().latest.as_ref().is_some_and(|latest| same_credentials(latest, identity))
            && identity.expiration().is_none_or(|expiry| expiry > margin_end)
    }

    fn inner(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, identity: &Identity) {
        if !self.inner().latest.as_ref().is_some_and(|latest| same_credentials(latest, identity)) {
            self.0.write().unwrap_or_else(PoisonError::into_inner).latest = Some(identity.clone());
        }
    }
}

impl Inner {
    fn empty() -> Self {
        Self { cache: IdentityCache::lazy().build(), reset_at: Instant::now(), latest: None }
    }
}

impl ResolveCachedIdentity for CredentialsCache {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        bag: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let cache = self.sdk_cache();
        IdentityFuture::new(async move {
            let identity = cache.resolve_cached_identity(resolver, components, bag).await?;
            self.remember(&identity);
            Ok(identity)
        })
    }
}

/// Compares the credentials of two identities. The SDK's cache returns equal ones until it has requested new ones.
fn same_credentials(one: &Identity, other: &Identity) -> bool {
    one.data::<Credentials>() == other.data::<Credentials>()
}

/// Inspects every response and invalidates credentials that the table rejects.
impl Intercept for CredentialsCache {
    fn name(&self) -> &'static str {
        "CredentialsCache"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let rejection = context.response().filter(|response| response.status().is_client_error());
        let rejection = rejection.and_then(|response| ErrorBody::parse(response.body().bytes()?));
        // Not AccessDeniedException: a policy caused it, and new credentials would meet the same policy.
        if matches!(
            rejection.as_ref().map(ErrorBody::code),
            Some("ExpiredTokenException" | "UnrecognizedClientException")
        ) {
            self.invalidate();
        }
        Ok(())
    }
}
