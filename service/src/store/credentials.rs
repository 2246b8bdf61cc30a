//! Keeps the credentials that the table's calls are signed with, and forgets them when the table refuses them.
//!
//! The SDK's cache goes by the end that credentials name themselves. Where that is wrong (a clock that is slow, a session that
//! was revoked) it would go on with them for hours, though new ones can be had.

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
use crate::clock;

/// Credentials that end sooner are left to the SDK, which asks for new ones before they do.
const NEAR_THE_END: Duration = Duration::from_secs(60);

/// The shortest time between two times of forgetting: who hands out credentials is not to be asked for every refusal.
const PAUSE: Duration = Duration::from_secs(1);

/// The cache. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct KeptCredentials(Arc<RwLock<Kept>>);

#[derive(Debug)]
struct Kept {
    cache: SharedIdentityCache,
    since: Instant,
    /// What the cache gave last.
    last: Option<Identity>,
}

impl KeptCredentials {
    pub(super) fn new() -> Self {
        Self(Arc::new(RwLock::new(Kept::nothing())))
    }

    /// The next attempt asks for new ones.
    fn forget(&self) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.since.elapsed() >= PAUSE {
            tracing::warn!("the table refuses the credentials; asking for new ones");
            *kept = Kept::nothing();
        }
    }

    fn cache(&self) -> SharedIdentityCache {
        self.kept().cache.clone()
    }

    /// Those that the SDK signs with.
    pub(super) fn current(&self) -> Option<Identity> {
        self.kept().last.clone()
    }

    /// Whether the SDK would sign with these, now and for a while.
    pub(super) fn are(&self, identity: &Identity) -> bool {
        let until = clock::now() + NEAR_THE_END;
        self.kept().last.as_ref().is_some_and(|last| same(last, identity))
            && identity.expiration().is_none_or(|end| end > until)
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, identity: &Identity) {
        if !self.kept().last.as_ref().is_some_and(|last| same(last, identity)) {
            self.0.write().unwrap_or_else(PoisonError::into_inner).last = Some(identity.clone());
        }
    }
}

impl Kept {
    fn nothing() -> Self {
        Self { cache: IdentityCache::lazy().build(), since: Instant::now(), last: None }
    }
}

impl ResolveCachedIdentity for KeptCredentials {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        bag: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let cache = self.cache();
        IdentityFuture::new(async move {
            let identity = cache.resolve_cached_identity(resolver, components, bag).await?;
            self.learn(&identity);
            Ok(identity)
        })
    }
}

/// Whether two are one: the SDK's cache hands out the same until it has asked anew.
fn same(one: &Identity, other: &Identity) -> bool {
    one.data::<Credentials>() == other.data::<Credentials>()
}

/// Looks at every answer: refused credentials are forgotten.
impl Intercept for KeptCredentials {
    fn name(&self) -> &'static str {
        "Credentials"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let refusal = context.response().filter(|answer| answer.status().is_client_error());
        let refusal = refusal.and_then(|answer| ErrorBody::read(answer.body().bytes()?));
        // Not AccessDeniedException: it is the policy that refuses, and new credentials have the same.
        if matches!(
            refusal.as_ref().map(ErrorBody::code),
            Some("ExpiredTokenException" | "UnrecognizedClientException")
        ) {
            self.forget();
        }
        Ok(())
    }
}
