package io.millrace.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.millrace.gateway",
    importOptions = ImportOption.DoNotIncludeTests.class)
class GatewayArchitectureTest {

  @ArchTest
  static final ArchRule featuresAreFreeOfCycles =
      slices()
          .matching("io.millrace.gateway.(*)..")
          .should()
          .beFreeOfCycles()
          .because("a feature that needs another that needs it is one feature with two names");

  @ArchTest
  static final ArchRule speaksToServicesOnly =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.kafka..",
              "io.millrace.messaging..",
              "io.millrace.database..",
              "io.minio..")
          .because("what the gateway cannot reach, a caller cannot reach through it");

  @ArchTest
  static final ArchRule blocksNowhere =
      noClasses()
          .should()
          .callMethod(reactor.core.publisher.Mono.class, "block")
          .because("a blocked event loop stops every caller, not one");
}
