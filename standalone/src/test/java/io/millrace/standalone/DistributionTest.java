package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The folder of jars that is the distribution. */
class DistributionTest {

  private static Set<String> jars() throws IOException {
    try (var files = Files.list(CrashE2ET.LIB)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  @Test
  void hasEveryLibraryThatAServicesJarNames() throws IOException {
    var jars = jars();
    List<String> missing = new ArrayList<>();
    for (var service : Service.values()) {
      var own =
          jars.stream().filter(jar -> jar.matches(service.module() + "-\\d.*\\.jar")).toList();
      assertThat(own).as(service.module()).hasSize(1);
      try (var jar = new JarFile(CrashE2ET.LIB.resolve(own.getFirst()).toFile())) {
        var attributes = jar.getManifest().getMainAttributes();
        assertThat(attributes.getValue(Attributes.Name.MAIN_CLASS))
            .as(service.module())
            .isNotBlank();
        for (var library : attributes.getValue(Attributes.Name.CLASS_PATH).split(" ")) {
          if (!jars.contains(library)) {
            missing.add(service.module() + " needs " + library);
          }
        }
      }
    }
    assertThat(missing)
        .as("manage the version in the root pom, so that all modules agree")
        .isEmpty();
  }

  @Test
  void carriesTheNativePartsOfThisPlatformOnly() throws IOException {
    var mac = System.getProperty("os.name").startsWith("Mac");
    var foreign = mac ? ".*-(linux|windows)-.*\\.jar" : ".*-(osx|macosx|darwin|windows)-.*\\.jar";
    assertThat(jars()).noneMatch(jar -> jar.matches(foreign));
  }
}
