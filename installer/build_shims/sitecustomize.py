"""Give configparser the names that PyRadiomics 3.0.1's build still asks for.

Python 3.12 removed them. On the path only while PyRadiomics is built, never at run time.
"""

import configparser

if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = configparser.ConfigParser
    configparser.RawConfigParser.readfp = configparser.RawConfigParser.read_file
