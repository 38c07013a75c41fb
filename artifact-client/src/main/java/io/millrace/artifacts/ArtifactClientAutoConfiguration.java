package io.millrace.artifacts;

import java.nio.file.Path;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.http.client.ClientHttpRequestInterceptor;

/**
 * Gives a service its client, and a cache where {@code millrace.artifact.cache.directory} is set.
 */
@AutoConfiguration
@EnableConfigurationProperties(ArtifactSettings.class)
public class ArtifactClientAutoConfiguration {

  @Bean
  ArtifactClient artifactClient(ArtifactSettings settings) {
    return new ArtifactClient(settings);
  }

  @Bean
  @ConditionalOnProperty("millrace.artifact.cache.directory")
  ArtifactCache artifactCache(ArtifactClient client, ArtifactSettings settings) {
    Path directory = Objects.requireNonNull(settings.cache().directory());
    return new ArtifactCache(client, directory, settings.cache().size().toBytes());
  }

  @Bean
  DatasetApi datasetApi(
      ArtifactSettings settings, ObjectProvider<ClientHttpRequestInterceptor> interceptors) {
    return DatasetApi.of(settings, interceptors.orderedStream().toList());
  }
}
