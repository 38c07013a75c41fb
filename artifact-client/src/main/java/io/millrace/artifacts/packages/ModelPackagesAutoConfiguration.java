package io.millrace.artifacts.packages;

import io.millrace.artifacts.ArtifactCache;
import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactClientAutoConfiguration;
import io.millrace.modelpackage.ModelPackage;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** Gives a service with a cache and the module {@code model-package} its model packages. */
@AutoConfiguration(after = ArtifactClientAutoConfiguration.class)
@ConditionalOnClass(ModelPackage.class)
@ConditionalOnBean(ArtifactCache.class)
public class ModelPackagesAutoConfiguration {

  @Bean
  ModelPackages modelPackages(ArtifactClient client, ArtifactCache cache) {
    return new ModelPackages(client, cache);
  }
}
