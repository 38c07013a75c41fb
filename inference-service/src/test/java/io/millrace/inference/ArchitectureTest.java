package io.millrace.inference;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "io.millrace.inference",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule featuresAreFreeOfCycles =
      slices()
          .matching("io.millrace.inference.(*)..")
          .should()
          .beFreeOfCycles()
          .because("a protocol can be added or taken out only while nothing below knows it");

  @ArchTest
  static final ArchRule protocolsDoNotKnowEachOther =
      noClasses()
          .that()
          .resideInAPackage("..v2..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..invocations..")
          .because("what both need belongs to requests");

  @ArchTest
  static final ArchRule onlyTheLogAndTheRolloutPublish =
      noClasses()
          .that()
          .resideOutsideOfPackages("..predictions..", "..models..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.millrace.events..", "org.apache.kafka..")
          .because(
              "generated event classes stop at the listener and the events class of a feature");

  @ArchTest
  static final ArchRule noDatabase =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.millrace.database..")
          .because("a replica must start and serve from the topic and its cache alone");

  @ArchTest
  static final ArchRule nothingUnpickles =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.io.ObjectInputStream")
          .because("a model file is data and must never become code");

  @ArchTest
  static final ArchRule routesStayInside =
      classes()
          .that()
          .haveSimpleNameEndingWith("Routes")
          .should()
          .notBePublic()
          .because("paths are an entrance for clients, not for other features");
}
