package io.millrace.deployment.environments;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One revision as it was decided, and what first came of it. Entries are never changed or deleted.
 *
 * @param previousVersion the version it replaced; null for the first
 * @param outcome PENDING, DEPLOYED or FAILED
 * @param outcomeAt when a replica first said so; null while PENDING
 * @param message what went wrong; null where nothing did
 */
public record HistoryEntry(
    long revision,
    int version,
    @Nullable Integer previousVersion,
    Cause cause,
    List<String> by,
    @Nullable String comment,
    @Nullable String requestId,
    Instant decidedAt,
    DeploymentStatus outcome,
    @Nullable Instant outcomeAt,
    @Nullable String message) {}
