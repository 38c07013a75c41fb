package io.millrace.monitoring.models;

import io.millrace.datasets.Profile;
import io.millrace.pipeline.Pipeline;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A served version and how it is watched.
 *
 * @param revision revision of the desired state; another one starts new windows
 * @param active false once nothing is served there any more
 * @param requestId the request that led to it, if any
 * @param pipeline its pipeline; null where it could not be read
 * @param profile its reference profile, where the state is READY
 * @param note why it is not watched, if it is not
 * @param since when this revision was seen
 * @param drifted whether the windows of this revision say so now
 * @param streak windows in a row that speak against that
 * @param alertOpen DriftDetected was published and not resolved, for this or an earlier version
 */
public record Watch(
    ModelKey key,
    int version,
    long revision,
    boolean active,
    @Nullable String requestId,
    @Nullable Pipeline pipeline,
    ProfileState profileState,
    @Nullable Profile profile,
    @Nullable String note,
    Instant since,
    boolean drifted,
    int streak,
    boolean alertOpen) {}
