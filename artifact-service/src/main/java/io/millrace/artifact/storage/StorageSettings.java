package io.millrace.artifact.storage;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How objects that nothing refers to are removed (`millrace.artifact.*`).
 *
 * @param instance name of this instance, the same after a restart; empty: host name and port
 * @param abandonedAfter an upload of another instance without progress for this long is given up
 * @param deleteAfter how long a replaced or deleted object stays for those who are reading it
 * @param partsAfter an upload whose parts come in calls of their own is given up when none came for
 *     this long, over restarts
 * @param keepContents dataset bytes that no version refers to stay this long from their last use
 * @param publicUri address under which clients reach this service, for signed addresses; where it
 *     is not set, the host that the client asked for
 * @param sweepInterval time between two looks for objects to remove
 */
@ConfigurationProperties("millrace.artifact")
public record StorageSettings(
    @DefaultValue("") String instance,
    @DefaultValue("1h") Duration abandonedAfter,
    @DefaultValue("1m") Duration deleteAfter,
    @DefaultValue("1d") Duration partsAfter,
    @DefaultValue("1d") Duration keepContents,
    @Nullable URI publicUri,
    @DefaultValue("30s") Duration sweepInterval) {}
