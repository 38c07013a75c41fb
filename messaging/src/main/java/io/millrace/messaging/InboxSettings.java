package io.millrace.messaging;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Memory of applied events (`millrace.inbox.*`).
 *
 * @param retention how long an event's id is kept; longer than any topic keeps the event
 * @param cleanupInterval how often older ids are deleted
 */
@ConfigurationProperties("millrace.inbox")
public record InboxSettings(
    @DefaultValue("40d") Duration retention, @DefaultValue("1h") Duration cleanupInterval) {}
