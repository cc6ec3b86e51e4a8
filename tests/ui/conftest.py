"""What every test of the window stands on."""

from sdstudio.ui.immortal_constants import make_constants_immortal

make_constants_immortal()
