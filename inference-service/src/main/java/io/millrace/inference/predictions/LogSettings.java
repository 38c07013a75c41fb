package io.millrace.inference.predictions;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The prediction log (`millrace.inference.*`).
 *
 * @param spoolDir folder for what cannot be sent; each process takes a sub-folder of its own
 * @param spoolLimit most bytes kept there; what comes after is counted as lost
 * @param logBuffer most memory for calls on their way to Kafka; what comes after goes to disk
 * @param logBeforeAnswer whether a call is on disk before it is answered, so that not even a killed
 *     process loses it; costs each call the time of a small write
 */
@ConfigurationProperties("millrace.inference")
public record LogSettings(
    @DefaultValue(".millrace/inference/spool") Path spoolDir,
    @DefaultValue("256MB") DataSize spoolLimit,
    @DefaultValue("32MB") DataSize logBuffer,
    @DefaultValue("false") boolean logBeforeAnswer) {}
