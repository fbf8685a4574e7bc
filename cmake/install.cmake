# cmake --install build --prefix /usr: what runs on the hosts of gateway and examiner, with pages, units, samples and
# what clients are given. Benchmarks and tests stay where they are.
include(GNUInstallDirs)
install(TARGETS fairlead fairlead-gateway fairlead-keeper fairlead-examine fairlead-dropcopy fairlead-desk fairlead-ship fairlead-standby fairlead-replicate
  fairlead-exchange fairlead-load fairlead-hold-time RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
file(GLOB user_pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/deploy/man/*.1)
file(GLOB operator_pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/deploy/man/*.8)
install(FILES ${user_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${operator_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
file(GLOB units CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/deploy/systemd/*.service)
install(FILES ${units} DESTINATION lib/systemd/system)
install(FILES README.md LICENSE deploy/TUNING.md deploy/TLS.md audit/FORMAT.md config/rules-of-engagement.md
  config/FIX44-fairlead.xml config/fairlead.toml config/dropcopy.toml config/desk.toml bench/exchange/exchange.toml
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
# The built console, where it has been built (target `console`).
install(DIRECTORY ${CMAKE_BINARY_DIR}/console/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fairlead/console OPTIONAL)
