package io.millrace.artifact.storage;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How objects that nothing refers to are removed (`millrace.artifact.*`).
 *
 * @param instance name of this instance, the same after a restart; empty: host name and port
 * @param abandonedAfter an upload of another instance without progress for this long is given up
 * @param deleteAfter how long a replaced or deleted object stays for those who are reading it
 * @param sweepInterval time between two looks for objects to remove
 */
@ConfigurationProperties("millrace.artifact")
public record StorageSettings(
    @DefaultValue("") String instance,
    @DefaultValue("1h") Duration abandonedAfter,
    @DefaultValue("1m") Duration deleteAfter,
    @DefaultValue("30s") Duration sweepInterval) {}
