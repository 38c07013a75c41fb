package io.millrace.tracking.intake;

import java.net.URI;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where datasets are looked up ({@code millrace.artifact.*}).
 *
 * @param uri address of artifact-service
 * @param timeout longest wait for an answer
 */
@ConfigurationProperties("millrace.artifact")
record ArtifactSettings(
    @DefaultValue("http://127.0.0.1:8082") URI uri, @DefaultValue("5s") Duration timeout) {}
