//! Keeps the credentials that the table's calls are signed with, and forgets them when the table refuses them.
//!
//! The SDK's cache goes by the end that credentials name themselves. Where that is wrong (a clock that is slow, a session that
//! was revoked) it would go on with them for hours, though new ones can be had.

use std::{
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::config::{
    ConfigBag, IdentityCache, Intercept, RuntimeComponents, SharedIdentityCache,
    interceptors::FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::identity::{IdentityFuture, ResolveCachedIdentity, SharedIdentityResolver},
};

use super::error::ErrorBody;

/// The shortest time between two times of forgetting: who hands out credentials is not to be asked for every refusal.
const PAUSE: Duration = Duration::from_secs(1);

/// The cache. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Credentials(Arc<RwLock<Kept>>);

#[derive(Debug)]
struct Kept {
    cache: SharedIdentityCache,
    since: Instant,
}

impl Credentials {
    pub(super) fn new() -> Self {
        Self(Arc::new(RwLock::new(Kept::nothing())))
    }

    /// The next attempt asks for new ones.
    fn forget(&self) {
        let mut kept = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if kept.since.elapsed() >= PAUSE {
            tracing::warn!("the table refuses the credentials; asking for new ones");
            *kept = Kept::nothing();
        }
    }

    fn cache(&self) -> SharedIdentityCache {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).cache.clone()
    }
}

impl Kept {
    fn nothing() -> Self {
        Self { cache: IdentityCache::lazy().build(), since: Instant::now() }
    }
}

impl ResolveCachedIdentity for Credentials {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        bag: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let cache = self.cache();
        IdentityFuture::new(async move { cache.resolve_cached_identity(resolver, components, bag).await })
    }
}

/// Looks at every answer: refused credentials are forgotten.
impl Intercept for Credentials {
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
